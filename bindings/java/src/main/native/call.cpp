// NativeCall.java.
#include "jvm.hpp"

namespace leasehold_jni {
namespace {

lh_call* of(jlong call) {
    return to_handle<lh_call>(call);
}

void on_stop_told(void* user) {
    tell_event(user, 0);
}

jlong begin_call(JNIEnv* env, jclass, jlong lock) {
    lh_call* call = nullptr;
    lh_error* error = nullptr;
    const int code = lh_call_begin(to_handle<lh_lock>(lock), &call, &error);
    return is_ok(env, code, error) ? to_java(call) : 0;
}

void end_call(JNIEnv* env, jclass, jlong call) {
    lh_error* error = nullptr;
    const int code = lh_call_end(of(call), &error);
    is_ok(env, code, error);
}

jlong remaining(JNIEnv*, jclass, jlong call) {
    return lh_call_remaining_ns(of(call));
}

jboolean stop_requested(JNIEnv*, jclass, jlong call) {
    return lh_call_stop_requested(of(call)) == 1 ? JNI_TRUE : JNI_FALSE;
}

jboolean valid(JNIEnv*, jclass, jlong call) {
    return lh_call_valid(of(call)) == 1 ? JNI_TRUE : JNI_FALSE;
}

jlong token(JNIEnv*, jclass, jlong call) {
    return lh_call_token(of(call));
}

void on_stop(JNIEnv* env, jclass, jlong call, jlong id) {
    lh_error* error = nullptr;
    const int code = lh_call_on_stop(of(call), &on_stop_told, to_user(id), nullptr, &error);
    is_ok(env, code, error);
}

}  // namespace

bool register_call(JNIEnv* env) {
    const JNINativeMethod methods[] = {
        native("begin", "(J)J", &begin_call),
        native("end", "(J)V", &end_call),
        native("remainingNanos", "(J)J", &remaining),
        native("stopRequested", "(J)Z", &stop_requested),
        native("valid", "(J)Z", &valid),
        native("token", "(J)J", &token),
        native("onStop", "(JJ)V", &on_stop),
    };
    return register_natives(env, "io/leasehold/NativeCall", methods);
}

}  // namespace leasehold_jni
