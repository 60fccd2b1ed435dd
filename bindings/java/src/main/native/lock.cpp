// NativeLock.java.
#include "operation.hpp"

namespace leasehold_jni {
namespace {

lh_lock* of(jlong lock) {
    return to_handle<lh_lock>(lock);
}

jboolean to_boolean(int value) {
    return value == 1 ? JNI_TRUE : JNI_FALSE;
}

void on_lost(void* user, int loss, lh_error* error) {
    tell_finished(user, loss, error);
}

void on_request(void* user) {
    tell_event(user, 0);
}

void free_lock(JNIEnv*, jclass, jlong lock) {
    lh_lock_free(of(lock));
}

jboolean valid(JNIEnv*, jclass, jlong lock) {
    return to_boolean(lh_lock_valid(of(lock)));
}

jlong remaining(JNIEnv*, jclass, jlong lock) {
    return lh_lock_remaining_ns(of(lock));
}

jlong token(JNIEnv*, jclass, jlong lock) {
    return lh_lock_token(of(lock));
}

jint kind(JNIEnv*, jclass, jlong lock) {
    return lh_lock_kind_of(of(lock));
}

jboolean is_shortened(JNIEnv*, jclass, jlong lock) {
    return to_boolean(lh_lock_is_shortened(of(lock)));
}

jboolean stop_requested(JNIEnv*, jclass, jlong lock) {
    return to_boolean(lh_lock_stop_requested(of(lock)));
}

/// The text belongs to the handle that was asked, which another thread may free: a handle of our
/// own keeps it.
jbyteArray node(JNIEnv* env, jclass, jlong lock, jlong index) {
    lh_lock* ours = nullptr;
    if (lh_lock_again(of(lock), &ours, nullptr) != LH_OK) {
        return nullptr;
    }
    jbyteArray bytes = to_bytes(env, lh_lock_node(ours, static_cast<std::size_t>(index)));
    lh_lock_free(ours);
    return bytes;
}

jlong again(JNIEnv* env, jclass, jlong lock) {
    lh_lock* more = nullptr;
    lh_error* error = nullptr;
    return is_ok(env, lh_lock_again(of(lock), &more, &error), error) ? to_java(more) : 0;
}

jlong release(JNIEnv* env, jclass, jlong lock, jlong id) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_lock_release_async(of(lock), &on_done, to_user(id), operation, error);
    });
}

jlong extend(JNIEnv* env, jclass, jlong lock, jlong id, jlong budget_ms) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_lock_extend_async(of(lock), budget_ms, &on_done, to_user(id), operation, error);
    });
}

jlong downgrade(JNIEnv* env, jclass, jlong lock, jlong id) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_lock_downgrade_async(of(lock), &on_done, to_user(id), operation, error);
    });
}

jlong upgrade(JNIEnv* env, jclass, jlong lock, jlong id, jlong wait_ms) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_lock_upgrade_async(of(lock), wait_ms, &on_done, to_user(id), operation, error);
    });
}

jlong lost(JNIEnv* env, jclass, jlong lock, jlong id) {
    return begin(env, [&](lh_operation* operation, lh_error** error) {
        return lh_lock_lost_async(of(lock), &on_lost, to_user(id), operation, error);
    });
}

void on_jeopardy(JNIEnv* env, jclass, jlong lock, jlong id) {
    lh_error* error = nullptr;
    const int code = lh_lock_on_jeopardy(of(lock), id == 0 ? nullptr : &tell_event, to_user(id),
                                         nullptr, &error);
    is_ok(env, code, error);
}

void on_requested(JNIEnv* env, jclass, jlong lock, jlong id) {
    lh_error* error = nullptr;
    const int code = lh_lock_on_requested(of(lock), id == 0 ? nullptr : &on_request, to_user(id),
                                          nullptr, &error);
    is_ok(env, code, error);
}

}  // namespace

bool register_lock(JNIEnv* env) {
    const JNINativeMethod methods[] = {
        native("free", "(J)V", &free_lock),
        native("valid", "(J)Z", &valid),
        native("remainingNanos", "(J)J", &remaining),
        native("token", "(J)J", &token),
        native("kind", "(J)I", &kind),
        native("isShortened", "(J)Z", &is_shortened),
        native("stopRequested", "(J)Z", &stop_requested),
        native("node", "(JJ)[B", &node),
        native("again", "(J)J", &again),
        native("release", "(JJ)J", &release),
        native("extend", "(JJJ)J", &extend),
        native("downgrade", "(JJ)J", &downgrade),
        native("upgrade", "(JJJ)J", &upgrade),
        native("lost", "(JJ)J", &lost),
        native("onJeopardy", "(JJ)V", &on_jeopardy),
        native("onRequested", "(JJ)V", &on_requested),
    };
    return register_natives(env, "io/leasehold/NativeLock", methods);
}

}  // namespace leasehold_jni
