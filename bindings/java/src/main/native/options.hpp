// Options as Java packs them, and the C structs.
//
// Numbers are in the order of the C struct, then come the permissions of the access control list.
// Texts are in its order too, null where not given, then come the list's schemes and ids in pairs.
#pragma once

#include <leasehold/leasehold.h>

#include <jni.h>
#include <optional>
#include <string>
#include <vector>

namespace leasehold_jni {

/// A struct of options, and what its pointers point to.
template <typename Options>
struct Unpacked {
    Options options{};
    std::vector<std::optional<std::string>> texts;
    std::vector<lh_acl> acl;
};

/// False with a Java exception pending.
bool unpack(JNIEnv* env, jlongArray numbers, jdouble clock_drift, jobjectArray texts,
            Unpacked<lh_client_options>& unpacked);
bool unpack(JNIEnv* env, jlongArray numbers, jobjectArray texts,
            Unpacked<lh_lock_options>& unpacked);
bool unpack(JNIEnv* env, jlongArray numbers, jobjectArray texts,
            Unpacked<lh_elect_options>& unpacked);

std::vector<jlong> numbers_of(const lh_client_options& options);
std::vector<jlong> numbers_of(const lh_lock_options& options);
std::vector<jlong> numbers_of(const lh_elect_options& options);

}  // namespace leasehold_jni
