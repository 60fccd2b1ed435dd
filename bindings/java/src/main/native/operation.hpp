// Beginning an operation in C whose end Java is told of.
#pragma once

#include "jvm.hpp"

namespace leasehold_jni {

inline void on_done(void* user, lh_error* error) {
    tell_finished(user, 0, error);
}

inline void on_lock(void* user, lh_lock* lock, lh_error* error) {
    if (!tell_finished(user, to_java(lock), error)) {
        lh_lock_free(lock);
    }
}

inline void on_contenders(void* user, lh_contenders* contenders, lh_error* error) {
    if (!tell_finished(user, to_java(contenders), error)) {
        lh_contenders_free(contenders);
    }
}

/// `start` takes where to put the operation and the error, and returns a code. The answer is the
/// operation, or 0 with a Java exception pending.
template <typename Start>
jlong begin(JNIEnv* env, Start start) {
    lh_operation operation = 0;
    lh_error* error = nullptr;
    const int code = start(&operation, &error);
    return is_ok(env, code, error) ? static_cast<jlong>(operation) : 0;
}

}  // namespace leasehold_jni
