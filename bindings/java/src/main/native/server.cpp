// NativeServer.java: a library of its own, so that no production program carries a server.
#include <leasehold/testing.h>

#include "bytes.hpp"
#include "natives.hpp"

#include <array>
#include <cstdint>

namespace leasehold_jni {
namespace {

lh_embedded_server* of(jlong server) {
    return to_handle<lh_embedded_server>(server);
}

void throw_state(JNIEnv* env, const char* message) {
    jclass type = env->FindClass("java/lang/IllegalStateException");
    if (type != nullptr) {
        env->ThrowNew(type, message);
    }
}

void check(JNIEnv* env, int code) {
    if (code != LH_OK) {
        throw_state(env, code == LH_INVALID_HANDLE ? "closed before" : lh_code_name(code));
    }
}

jlong start(JNIEnv* env, jclass, jlong servers, jlong tick_ms, jint port) {
    lh_embedded_server_options options{};
    lh_embedded_server_options_init(&options, sizeof options);
    options.servers = static_cast<std::uint64_t>(servers);
    options.tick_ms = tick_ms;
    options.port = port;
    lh_embedded_server* server = nullptr;
    std::array<char, 512> message{};
    if (lh_embedded_server_start(&options, &server, message.data(), message.size()) != LH_OK) {
        throw_state(env, message.data());
        return 0;
    }
    return to_java(server);
}

void free_server(JNIEnv*, jclass, jlong server) {
    lh_embedded_server_free(of(server));
}

jbyteArray connect_string(JNIEnv* env, jclass, jlong server) {
    return to_bytes(env, lh_embedded_server_connect_string(of(server)));
}

jlongArray client_options(JNIEnv* env, jclass, jlong server, jlong session_timeout_ms) {
    lh_client_options options{};
    lh_client_options_init(&options, sizeof options);
    const int code = lh_embedded_server_client_options(of(server), session_timeout_ms, &options);
    if (code != LH_OK) {
        check(env, code);
        return nullptr;
    }
    return to_longs(
        env, {options.session_timeout_ms, options.tick_ms, options.sync_limit, options.standalone,
              options.backoff_min_ms, options.backoff_max_ms, options.max_connects_per_second,
              options.ack_gap_ms, options.connect_timeout_ms});
}

void expire_sessions(JNIEnv* env, jclass, jlong server) {
    check(env, lh_embedded_server_expire_sessions(of(server)));
}

void cut(JNIEnv* env, jclass, jlong server, jlong index) {
    check(env, lh_embedded_server_cut(of(server), static_cast<std::size_t>(index)));
}

void half_open(JNIEnv* env, jclass, jlong server, jlong index, jboolean is_half_open) {
    check(env,
          lh_embedded_server_half_open(of(server), static_cast<std::size_t>(index), is_half_open));
}

void refuse(JNIEnv* env, jclass, jlong server, jlong index, jboolean is_refusing) {
    check(env, lh_embedded_server_refuse(of(server), static_cast<std::size_t>(index), is_refusing));
}

void pause(JNIEnv* env, jclass, jlong server, jlong index) {
    check(env, lh_embedded_server_pause(of(server), static_cast<std::size_t>(index)));
}

void resume(JNIEnv* env, jclass, jlong server, jlong index) {
    check(env, lh_embedded_server_resume(of(server), static_cast<std::size_t>(index)));
}

void kill(JNIEnv* env, jclass, jlong server, jlong index) {
    check(env, lh_embedded_server_kill(of(server), static_cast<std::size_t>(index)));
}

void restart(JNIEnv* env, jclass, jlong server, jlong index) {
    check(env, lh_embedded_server_restart(of(server), static_cast<std::size_t>(index)));
}

void delay(JNIEnv* env, jclass, jlong server, jlong delay_ms) {
    check(env, lh_embedded_server_delay(of(server), delay_ms));
}

jlong sessions(JNIEnv*, jclass, jlong server) {
    return static_cast<jlong>(lh_embedded_server_sessions(of(server)));
}

jlong connections(JNIEnv*, jclass, jlong server) {
    return static_cast<jlong>(lh_embedded_server_connections(of(server)));
}

jlong watches(JNIEnv*, jclass, jlong server) {
    return static_cast<jlong>(lh_embedded_server_watches(of(server)));
}

jlong ephemerals(JNIEnv*, jclass, jlong server) {
    return static_cast<jlong>(lh_embedded_server_ephemerals(of(server)));
}

jlong nodes(JNIEnv* env, jclass, jlong server, jbyteArray path) {
    return static_cast<jlong>(lh_embedded_server_nodes(of(server), to_string(env, path).c_str()));
}

bool register_server(JNIEnv* env) {
    const JNINativeMethod methods[] = {
        native("start", "(JJI)J", &start),
        native("free", "(J)V", &free_server),
        native("connectString", "(J)[B", &connect_string),
        native("clientOptions", "(JJ)[J", &client_options),
        native("expireSessions", "(J)V", &expire_sessions),
        native("cut", "(JJ)V", &cut),
        native("halfOpen", "(JJZ)V", &half_open),
        native("refuse", "(JJZ)V", &refuse),
        native("pause", "(JJ)V", &pause),
        native("resume", "(JJ)V", &resume),
        native("kill", "(JJ)V", &kill),
        native("restart", "(JJ)V", &restart),
        native("delay", "(JJ)V", &delay),
        native("sessions", "(J)J", &sessions),
        native("connections", "(J)J", &connections),
        native("watches", "(J)J", &watches),
        native("ephemerals", "(J)J", &ephemerals),
        native("nodes", "(J[B)J", &nodes),
    };
    return register_natives(env, "io/leasehold/testing/NativeServer", methods);
}

}  // namespace
}  // namespace leasehold_jni

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void*) {
    void* env = nullptr;
    if (vm->GetEnv(&env, leasehold_jni::jni_version) != JNI_OK) {
        return JNI_ERR;
    }
    const bool is_ready = leasehold_jni::register_server(static_cast<JNIEnv*>(env));
    return is_ready ? leasehold_jni::jni_version : JNI_ERR;
}
