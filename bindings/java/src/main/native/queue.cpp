// NativeQueue.java.
#include "operation.hpp"
#include "options.hpp"

#include <vector>

namespace leasehold_jni {
namespace {

lh_client* client_of(jlong client) {
    return to_handle<lh_client>(client);
}

lh_contenders* list_of(jlong contenders) {
    return to_handle<lh_contenders>(contenders);
}

jlong contenders(JNIEnv* env, jclass, jlong client, jlong id, jbyteArray path) {
    const std::string at = to_string(env, path);
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_client_contenders_async(client_of(client), at.c_str(), &on_contenders,
                                          to_user(id), operation, error);
    });
}

jlong leader(JNIEnv* env, jclass, jlong client, jlong id, jbyteArray path) {
    const std::string at = to_string(env, path);
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_client_leader_async(client_of(client), at.c_str(), &on_contenders, to_user(id),
                                      operation, error);
    });
}

jlong request_release(JNIEnv* env, jclass, jlong client, jbyteArray path) {
    std::uint64_t asked = 0;
    lh_error* error = nullptr;
    const int code =
        lh_client_request_release(client_of(client), to_string(env, path).c_str(), &asked, &error);
    return is_ok(env, code, error) ? static_cast<jlong>(asked) : 0;
}

/// False with a Java exception pending.
bool read(JNIEnv* env, lh_contenders* list, std::size_t index, lh_contender& contender) {
    contender = {};
    contender.struct_size = sizeof contender;
    lh_error* error = nullptr;
    return is_ok(env, lh_contenders_get(list, index, &contender, &error), error);
}

jlongArray numbers(JNIEnv* env, jclass, jlong list) {
    std::vector<jlong> numbers;
    const std::size_t count = lh_contenders_count(list_of(list));
    for (std::size_t i = 0; i < count; ++i) {
        lh_contender each;
        if (!read(env, list_of(list), i, each)) {
            return nullptr;
        }
        numbers.insert(numbers.end(),
                       {each.sequence, each.is_held, each.is_asked, each.kind, each.is_downgraded,
                        each.token, each.pid, each.age_ms, each.budget_ms});
    }
    return to_longs(env, numbers);
}

jobjectArray texts(JNIEnv* env, jclass, jlong list) {
    constexpr jsize per_entry = 7;
    const std::size_t count = lh_contenders_count(list_of(list));
    jclass type = env->FindClass("[B");
    jobjectArray all =
        type == nullptr ? nullptr
                        : env->NewObjectArray(static_cast<jsize>(count) * per_entry, type, nullptr);
    jsize next = 0;
    for (std::size_t i = 0; all != nullptr && i < count; ++i) {
        lh_contender each;
        if (!read(env, list_of(list), i, each)) {
            return nullptr;
        }
        for (const char* text : {each.node, each.blocked_by, each.owner, each.host, each.trace_id,
                                 each.payload, each.session}) {
            jbyteArray bytes = to_bytes(env, text);
            if (env->ExceptionCheck() == JNI_TRUE) {
                return nullptr;
            }
            env->SetObjectArrayElement(all, next++, bytes);
            env->DeleteLocalRef(bytes);
        }
    }
    return all;
}

void free_list(JNIEnv*, jclass, jlong list) {
    lh_contenders_free(list_of(list));
}

jlong observe(JNIEnv* env, jclass, jlong client, jbyteArray path) {
    lh_observer* observer = nullptr;
    lh_error* error = nullptr;
    const int code =
        lh_client_observe(client_of(client), to_string(env, path).c_str(), &observer, &error);
    return is_ok(env, code, error) ? to_java(observer) : 0;
}

jlong next(JNIEnv* env, jclass, jlong observer, jlong id) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_observer_next_async(to_handle<lh_observer>(observer), &on_contenders, to_user(id),
                                      operation, error);
    });
}

void free_observer(JNIEnv*, jclass, jlong observer) {
    lh_observer_free(to_handle<lh_observer>(observer));
}

}  // namespace

bool register_queue(JNIEnv* env) {
    const JNINativeMethod methods[] = {
        native("contenders", "(JJ[B)J", &contenders),
        native("leader", "(JJ[B)J", &leader),
        native("requestRelease", "(J[B)J", &request_release),
        native("numbers", "(J)[J", &numbers),
        native("texts", "(J)[[B", &texts),
        native("free", "(J)V", &free_list),
        native("observe", "(J[B)J", &observe),
        native("next", "(JJ)J", &next),
        native("freeObserver", "(J)V", &free_observer),
    };
    return register_natives(env, "io/leasehold/NativeQueue", methods);
}

}  // namespace leasehold_jni
