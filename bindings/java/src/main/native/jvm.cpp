#include "jvm.hpp"

#include <array>
#include <memory>
#include <pthread.h>

namespace leasehold_jni {
namespace {

// More than any upcall makes: threads of C's never return to Java, where locals would be freed.
constexpr jint frame_locals = 16;

JavaVM* virtual_machine = nullptr;
jclass upcalls = nullptr;
jclass errors = nullptr;
jclass bytes_class = nullptr;
jmethodID finished = nullptr;
jmethodID event = nullptr;
jmethodID log = nullptr;
jmethodID create_error = nullptr;

/// Detaches a thread that we have attached when it ends.
struct Attachment {
    JNIEnv* env = nullptr;

    Attachment() {
        std::array<char, 16> name{};  // the kernel's limit
        pthread_getname_np(pthread_self(), name.data(), name.size());
        JavaVMAttachArgs arguments{jni_version, name.data(), nullptr};
        void* attached = nullptr;
        // A daemon: the virtual machine does not wait for it to end.
        if (virtual_machine->AttachCurrentThreadAsDaemon(&attached, &arguments) == JNI_OK) {
            env = static_cast<JNIEnv*>(attached);
        }
    }
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    ~Attachment() {
        if (env != nullptr) {
            virtual_machine->DetachCurrentThread();
        }
    }
};

jclass find_class(JNIEnv* env, const char* name) {
    jclass local = env->FindClass(name);
    return local == nullptr ? nullptr : static_cast<jclass>(env->NewGlobalRef(local));
}

/// What Java's side catches never comes here; what is left is out of memory.
void drop_exception(JNIEnv* env) {
    if (env->ExceptionCheck() == JNI_TRUE) {
        env->ExceptionDescribe();
        env->ExceptionClear();
    }
}

/// Null with a Java exception pending if Java could not make it.
jthrowable make_exception(JNIEnv* env, int code, lh_error* error) {
    const std::unique_ptr<lh_error, decltype(&lh_error_free)> freeing(error, &lh_error_free);
    jbyteArray message =
        to_bytes(env, error == nullptr ? lh_code_name(code) : lh_error_message(error));
    jbyteArray path = message == nullptr ? nullptr : to_bytes(env, lh_error_path(error));
    jbyteArray holder = path == nullptr ? nullptr : to_bytes(env, lh_error_holder(error));
    jbyteArray node = holder == nullptr ? nullptr : to_bytes(env, lh_error_holder_node(error));
    if (node == nullptr) {
        return nullptr;
    }
    return static_cast<jthrowable>(
        env->CallStaticObjectMethod(errors, create_error, static_cast<jint>(code), message, path,
                                    holder, node, static_cast<jlong>(lh_error_position(error)),
                                    static_cast<jlong>(lh_error_time_left_ns(error))));
}

jobjectArray to_arrays(JNIEnv* env, const char* const* texts, std::size_t count) {
    const auto size = static_cast<jsize>(count);
    jobjectArray arrays = env->NewObjectArray(size, bytes_class, nullptr);
    for (jsize i = 0; arrays != nullptr && i < size; ++i) {
        jbyteArray each = to_bytes(env, texts[i]);
        if (env->ExceptionCheck() == JNI_TRUE) {
            return nullptr;
        }
        env->SetObjectArrayElement(arrays, i, each);
        env->DeleteLocalRef(each);
    }
    return arrays;
}

}  // namespace

bool find_upcalls(JavaVM* vm, JNIEnv* env) {
    virtual_machine = vm;
    upcalls = find_class(env, "io/leasehold/Upcalls");
    errors = upcalls == nullptr ? nullptr : find_class(env, "io/leasehold/Errors");
    bytes_class = errors == nullptr ? nullptr : find_class(env, "[B");
    if (bytes_class == nullptr) {
        return false;
    }
    finished = env->GetStaticMethodID(upcalls, "finished", "(JJLjava/lang/Throwable;)V");
    event = finished == nullptr ? nullptr : env->GetStaticMethodID(upcalls, "event", "(JI)V");
    log = event == nullptr ? nullptr : env->GetStaticMethodID(upcalls, "log", "(JI[B[[B[[B)V");
    create_error = log == nullptr ? nullptr
                                  : env->GetStaticMethodID(errors, "create",
                                                           "(I[B[B[B[BJJ)Ljava/lang/Throwable;");
    return create_error != nullptr;
}

JNIEnv* environment() {
    void* env = nullptr;
    if (virtual_machine->GetEnv(&env, jni_version) == JNI_OK) {
        return static_cast<JNIEnv*>(env);
    }
    thread_local Attachment attachment;
    return attachment.env;
}

bool tell_finished(void* user, jlong value, lh_error* error) {
    JNIEnv* env = environment();
    if (env == nullptr || env->PushLocalFrame(frame_locals) != 0) {
        if (env != nullptr) {
            drop_exception(env);
        }
        lh_error_free(error);
        return false;
    }
    jthrowable exception =
        error == nullptr ? nullptr : make_exception(env, lh_error_code(error), error);
    if (env->ExceptionCheck() == JNI_TRUE) {
        exception = env->ExceptionOccurred();  // out of memory: told instead
        env->ExceptionClear();
    }
    env->CallStaticVoidMethod(upcalls, finished, reinterpret_cast<jlong>(user), value, exception);
    drop_exception(env);
    env->PopLocalFrame(nullptr);
    return true;
}

void tell_event(void* user, jint value) {
    JNIEnv* env = environment();
    if (env != nullptr) {
        env->CallStaticVoidMethod(upcalls, event, reinterpret_cast<jlong>(user), value);
        drop_exception(env);
    }
}

void tell_log(void* user, int level, const char* name, const char* const* names,
              const char* const* values, std::size_t fields) {
    JNIEnv* env = environment();
    if (env == nullptr) {
        return;
    }
    if (env->PushLocalFrame(frame_locals) != 0) {
        drop_exception(env);
        return;
    }
    jbyteArray event_name = to_bytes(env, name);
    jobjectArray field_names = event_name == nullptr ? nullptr : to_arrays(env, names, fields);
    jobjectArray field_values = field_names == nullptr ? nullptr : to_arrays(env, values, fields);
    if (field_values != nullptr) {
        env->CallStaticVoidMethod(upcalls, log, reinterpret_cast<jlong>(user),
                                  static_cast<jint>(level), event_name, field_names, field_values);
    }
    drop_exception(env);
    env->PopLocalFrame(nullptr);
}

bool is_ok(JNIEnv* env, int code, lh_error* error) {
    if (code == LH_OK) {
        return true;
    }
    jthrowable exception = make_exception(env, code, error);
    if (env->ExceptionCheck() == JNI_FALSE) {  // else out of memory, which is thrown instead
        env->Throw(exception);
    }
    return false;
}

}  // namespace leasehold_jni
