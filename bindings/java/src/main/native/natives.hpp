// Handles as Java's longs, and the tables of native methods.
#pragma once

#include <cstddef>
#include <jni.h>

namespace leasehold_jni {

constexpr jint jni_version = JNI_VERSION_10;

template <typename Handle>
Handle* to_handle(jlong value) {
    return reinterpret_cast<Handle*>(value);
}

template <typename Handle>
jlong to_java(Handle* handle) {
    return reinterpret_cast<jlong>(handle);
}

/// One call of RegisterNatives. Java's declarations and these are checked against each other once,
/// when the library is loaded.
template <std::size_t Count>
bool register_natives(JNIEnv* env, const char* class_name,
                      const JNINativeMethod (&methods)[Count]) {
    jclass type = env->FindClass(class_name);
    return type != nullptr && env->RegisterNatives(type, methods, static_cast<jint>(Count)) == 0;
}

/// A row of such a table.
template <typename Function>
JNINativeMethod native(const char* name, const char* signature, Function* function) {
    return {const_cast<char*>(name), const_cast<char*>(signature),
            reinterpret_cast<void*>(function)};
}

}  // namespace leasehold_jni
