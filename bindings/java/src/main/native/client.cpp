// NativeClient.java.
#include "operation.hpp"
#include "options.hpp"

#include <vector>

namespace leasehold_jni {
namespace {

jlong connect(JNIEnv* env, jclass, jbyteArray hosts, jlongArray numbers, jdouble clock_drift,
              jobjectArray texts, jlong log_id) {
    Unpacked<lh_client_options> unpacked;
    if (!unpack(env, numbers, clock_drift, texts, unpacked)) {
        return 0;
    }
    if (log_id != 0) {
        unpacked.options.on_log = &tell_log;
        unpacked.options.log_user = to_user(log_id);
    }
    lh_client* client = nullptr;
    lh_error* error = nullptr;
    const int code =
        lh_client_connect(to_string(env, hosts).c_str(), &unpacked.options, &client, &error);
    return is_ok(env, code, error) ? to_java(client) : 0;
}

void free_client(JNIEnv*, jclass, jlong client) {
    lh_client_free(to_handle<lh_client>(client));
}

jlong wait_connected(JNIEnv* env, jclass, jlong client, jlong id) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_client_wait_connected_async(to_handle<lh_client>(client), &on_done, to_user(id),
                                              operation, error);
    });
}

/// Throws what is in the way.
void check_connected(JNIEnv* env, jclass, jlong client) {
    lh_error* error = nullptr;
    const int code = lh_client_wait_connected(to_handle<lh_client>(client), 0, &error);
    is_ok(env, code, error);
}

void add_auth(JNIEnv* env, jclass, jlong client, jbyteArray scheme, jbyteArray secret) {
    const std::string bytes = to_string(env, secret);
    lh_error* error = nullptr;
    const int code =
        lh_client_add_auth(to_handle<lh_client>(client), to_string(env, scheme).c_str(),
                           bytes.data(), bytes.size(), &error);
    is_ok(env, code, error);
}

jint state(JNIEnv*, jclass, jlong client) {
    return lh_client_state(to_handle<lh_client>(client));
}

void on_state_change(JNIEnv* env, jclass, jlong client, jlong id) {
    lh_error* error = nullptr;
    const int code =
        lh_client_on_state_change(to_handle<lh_client>(client), id == 0 ? nullptr : &tell_event,
                                  to_user(id), nullptr, &error);
    is_ok(env, code, error);
}

jlongArray stats(JNIEnv* env, jclass, jlong client) {
    lh_client_stats s{};
    s.struct_size = sizeof s;
    lh_error* error = nullptr;
    if (!is_ok(env, lh_client_stats_get(to_handle<lh_client>(client), &s, &error), error)) {
        return nullptr;
    }
    std::vector<jlong> numbers;
    for (const auto each :
         {s.sessions, s.connects, s.reconnects, s.requests, s.pings, s.bytes_sent, s.bytes_received,
          s.locks_held, s.locks_waiting, s.pending_requests, s.watches, s.nodes_to_delete,
          s.orphans, s.grants, s.local_grants, s.refusals, s.overruns, s.losses, s.gaps}) {
        numbers.push_back(static_cast<jlong>(each));
    }
    for (const auto each : {s.session_timeout_ns, s.evidence_age_ns, s.lease_in_hand_ns}) {
        numbers.push_back(each);
    }
    return to_longs(env, numbers);
}

jlong lock(JNIEnv* env, jclass, jlong client, jlong id, jbyteArray path, jlongArray numbers,
           jobjectArray texts) {
    Unpacked<lh_lock_options> unpacked;
    if (!unpack(env, numbers, texts, unpacked)) {
        return 0;
    }
    const std::string at = to_string(env, path);
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_client_lock_async(to_handle<lh_client>(client), at.c_str(), &unpacked.options,
                                    &on_lock, to_user(id), operation, error);
    });
}

jlong lock_all(JNIEnv* env, jclass, jlong client, jlong id, jobjectArray paths, jlongArray numbers,
               jobjectArray texts) {
    Unpacked<lh_lock_options> unpacked;
    if (!unpack(env, numbers, texts, unpacked)) {
        return 0;
    }
    std::vector<std::string> all;
    for (jsize i = 0; i < env->GetArrayLength(paths); ++i) {
        auto* each = static_cast<jbyteArray>(env->GetObjectArrayElement(paths, i));
        if (env->ExceptionCheck() == JNI_TRUE) {
            return 0;
        }
        all.push_back(to_string(env, each));
        env->DeleteLocalRef(each);
    }
    std::vector<const char*> pointers;
    for (const auto& each : all) {
        pointers.push_back(each.c_str());
    }
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_client_lock_all_async(to_handle<lh_client>(client), pointers.data(),
                                        pointers.size(), &unpacked.options, &on_lock, to_user(id),
                                        operation, error);
    });
}

jlong elect(JNIEnv* env, jclass, jlong client, jlong id, jbyteArray path, jlongArray numbers,
            jobjectArray texts) {
    Unpacked<lh_elect_options> unpacked;
    if (!unpack(env, numbers, texts, unpacked)) {
        return 0;
    }
    const std::string at = to_string(env, path);
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_client_elect_async(to_handle<lh_client>(client), at.c_str(), &unpacked.options,
                                     &on_lock, to_user(id), operation, error);
    });
}

}  // namespace

bool register_client(JNIEnv* env) {
    const JNINativeMethod methods[] = {
        native("connect", "([B[JD[[BJ)J", &connect),
        native("free", "(J)V", &free_client),
        native("waitConnected", "(JJ)J", &wait_connected),
        native("checkConnected", "(J)V", &check_connected),
        native("addAuth", "(J[B[B)V", &add_auth),
        native("state", "(J)I", &state),
        native("onStateChange", "(JJ)V", &on_state_change),
        native("stats", "(J)[J", &stats),
        native("lock", "(JJ[B[J[[B)J", &lock),
        native("lockAll", "(JJ[[B[J[[B)J", &lock_all),
        native("elect", "(JJ[B[J[[B)J", &elect),
    };
    return register_natives(env, "io/leasehold/NativeClient", methods);
}

}  // namespace leasehold_jni
