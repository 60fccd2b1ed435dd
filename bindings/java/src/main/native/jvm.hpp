// The way from C's threads to Java: attachment, upcalls, exceptions.
#pragma once

#include <leasehold/leasehold.h>

#include "bytes.hpp"
#include "natives.hpp"

#include <cstddef>
#include <jni.h>

namespace leasehold_jni {

/// Looks up the classes and methods that are called. False with a Java exception pending.
bool find_upcalls(JavaVM* vm, JNIEnv* env);

/// This thread's, which is attached as a daemon for as long as it lives if it is not Java's own.
/// Null if the virtual machine takes no more.
JNIEnv* environment();

/// An operation's end, to Upcalls.finished. Frees the error. False if Java could not be told.
bool tell_finished(void* user, jlong value, lh_error* error);
/// A handler's call, to Upcalls.event.
void tell_event(void* user, jint value);
/// An event of the log, to Upcalls.log.
void tell_log(void* user, int level, const char* event, const char* const* names,
              const char* const* values, std::size_t fields);

/// True for LH_OK; else throws what stands for the code, and frees the error.
bool is_ok(JNIEnv* env, int code, lh_error* error);

/// Java's long ids pass through C as what it gives back to its callbacks, never to be read.
inline void* to_user(jlong id) {
    return reinterpret_cast<void*>(id);
}

bool register_library(JNIEnv* env);
bool register_client(JNIEnv* env);
bool register_lock(JNIEnv* env);
bool register_call(JNIEnv* env);
bool register_queue(JNIEnv* env);

}  // namespace leasehold_jni
