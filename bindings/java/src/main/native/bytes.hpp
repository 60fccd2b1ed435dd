// Texts and numbers between C and Java's arrays.
#pragma once

#include <jni.h>
#include <string>
#include <vector>

namespace leasehold_jni {

/// Null gives "".
std::string to_string(JNIEnv* env, jbyteArray utf8);
/// Null gives null. A Java exception is pending if null is returned for a text.
jbyteArray to_bytes(JNIEnv* env, const char* text);
/// Null with a Java exception pending.
jlongArray to_longs(JNIEnv* env, const std::vector<jlong>& numbers);

}  // namespace leasehold_jni
