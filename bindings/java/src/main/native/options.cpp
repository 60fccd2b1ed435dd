#include "options.hpp"

#include "bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace leasehold_jni {
namespace {

/// Names each number of a struct in its order, which is also Java's: to write them all, and to read
/// them all.
template <typename Options, typename Each>
    requires std::is_same_v<std::remove_const_t<Options>, lh_client_options>
void for_numbers(Options& options, Each each) {
    each(options.session_timeout_ms);
    each(options.tick_ms);
    each(options.sync_limit);
    each(options.standalone);
    each(options.ack_gap_ms);
    each(options.margin_ms);
    each(options.connect_timeout_ms);
    each(options.backoff_min_ms);
    each(options.backoff_max_ms);
    each(options.max_connects_per_second);
    each(options.max_frame_bytes);
    each(options.max_pending);
    each(options.orphan_limit_ms);
    each(options.tls_enabled);
    each(options.tls_min_version);
    each(options.sasl_mechanism);
    each(options.lease_evidence);
}

template <typename Options, typename Each>
    requires std::is_same_v<std::remove_const_t<Options>, lh_lock_options>
void for_numbers(Options& options, Each each) {
    each(options.kind);
    each(options.naming);
    each(options.wait_ms);
    each(options.budget_ms);
    each(options.on_budget);
    each(options.permits);
    each(options.reserve_ms);
    each(options.max_hold_ms);
    each(options.lock_delay_ms);
    each(options.keep_idle_ms);
    each(options.max_queue);
    each(options.max_local_grants);
    each(options.check_first);
    each(options.refuse_hopeless);
    each(options.accept_shortened);
    each(options.watch_own_node);
}

template <typename Options, typename Each>
    requires std::is_same_v<std::remove_const_t<Options>, lh_elect_options>
void for_numbers(Options& options, Each each) {
    each(options.wait_ms);
    each(options.reserve_ms);
    each(options.lock_delay_ms);
    each(options.naming);
}

/// Returns how many of the numbers are the struct's own.
template <typename Options>
std::size_t assign(Options& options, const std::vector<jlong>& numbers) {
    std::size_t next = 0;
    for_numbers(options, [&](auto& field) {
        field = static_cast<std::remove_reference_t<decltype(field)>>(numbers.at(next++));
    });
    return next;
}

template <typename Options>
std::vector<jlong> collect(const Options& options) {
    std::vector<jlong> numbers;
    for_numbers(options, [&](const auto& field) { numbers.push_back(static_cast<jlong>(field)); });
    return numbers;
}

std::vector<jlong> to_vector(JNIEnv* env, jlongArray array) {
    std::vector<jlong> numbers(static_cast<std::size_t>(env->GetArrayLength(array)));
    env->GetLongArrayRegion(array, 0, static_cast<jsize>(numbers.size()), numbers.data());
    return numbers;
}

bool read_texts(JNIEnv* env, jobjectArray array, std::vector<std::optional<std::string>>& texts) {
    const jsize size = env->GetArrayLength(array);
    for (jsize i = 0; i < size; ++i) {
        auto* each = static_cast<jbyteArray>(env->GetObjectArrayElement(array, i));
        if (env->ExceptionCheck() == JNI_TRUE) {
            return false;
        }
        texts.push_back(each == nullptr ? std::nullopt
                                        : std::optional<std::string>(to_string(env, each)));
        env->DeleteLocalRef(each);
    }
    return true;
}

template <typename Options>
const char* text(const Unpacked<Options>& unpacked, std::size_t index) {
    const auto& each = unpacked.texts.at(index);
    return each ? each->c_str() : nullptr;
}

/// The list begins behind the struct's own numbers and texts.
template <typename Options>
void set_acl(Unpacked<Options>& unpacked, const std::vector<jlong>& numbers,
             std::size_t own_numbers, std::size_t own_texts) {
    for (std::size_t i = own_numbers; i < numbers.size(); ++i) {
        const std::size_t at = own_texts + 2 * (i - own_numbers);
        unpacked.acl.push_back(
            {static_cast<std::int32_t>(numbers[i]), text(unpacked, at), text(unpacked, at + 1)});
    }
    unpacked.options.acl = unpacked.acl.empty() ? nullptr : unpacked.acl.data();
    unpacked.options.acl_count = unpacked.acl.size();
}

}  // namespace

bool unpack(JNIEnv* env, jlongArray numbers, jdouble clock_drift, jobjectArray texts,
            Unpacked<lh_client_options>& unpacked) {
    if (!read_texts(env, texts, unpacked.texts)) {
        return false;
    }
    auto& options = unpacked.options;
    lh_client_options_init(&options, sizeof options);
    assign(options, to_vector(env, numbers));
    options.clock_drift = clock_drift;
    std::size_t next = 0;
    for (const char** each :
         {&options.server_version, &options.owner, &options.tls_ca_file, &options.tls_ca_directory,
          &options.tls_certificate_file, &options.tls_key_file, &options.tls_passphrase_file,
          &options.tls_passphrase_env, &options.tls_server_name, &options.auth_file,
          &options.auth_env, &options.sasl_user, &options.sasl_password_file,
          &options.sasl_password_env, &options.sasl_service, &options.sasl_server_name,
          &options.sasl_realm}) {
        *each = text(unpacked, next++);
    }
    return true;
}

bool unpack(JNIEnv* env, jlongArray numbers, jobjectArray texts,
            Unpacked<lh_lock_options>& unpacked) {
    if (!read_texts(env, texts, unpacked.texts)) {
        return false;
    }
    auto& options = unpacked.options;
    lh_lock_options_init(&options, sizeof options);
    const auto all = to_vector(env, numbers);
    const auto own = assign(options, all);
    options.owner = text(unpacked, 0);
    options.trace_id = text(unpacked, 1);
    set_acl(unpacked, all, own, 2);
    return true;
}

bool unpack(JNIEnv* env, jlongArray numbers, jobjectArray texts,
            Unpacked<lh_elect_options>& unpacked) {
    if (!read_texts(env, texts, unpacked.texts)) {
        return false;
    }
    auto& options = unpacked.options;
    lh_elect_options_init(&options, sizeof options);
    const auto all = to_vector(env, numbers);
    const auto own = assign(options, all);
    options.payload = text(unpacked, 0);
    options.owner = text(unpacked, 1);
    options.trace_id = text(unpacked, 2);
    set_acl(unpacked, all, own, 3);
    return true;
}

std::vector<jlong> numbers_of(const lh_client_options& options) {
    return collect(options);
}
std::vector<jlong> numbers_of(const lh_lock_options& options) {
    return collect(options);
}
std::vector<jlong> numbers_of(const lh_elect_options& options) {
    return collect(options);
}

}  // namespace leasehold_jni
