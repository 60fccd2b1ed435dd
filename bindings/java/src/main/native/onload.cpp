// What the virtual machine calls when it has loaded the library; the only symbol that is seen.
#include "jvm.hpp"

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void*) {
    using namespace leasehold_jni;
    void* raw = nullptr;
    if (vm->GetEnv(&raw, jni_version) != JNI_OK) {
        return JNI_ERR;
    }
    auto* env = static_cast<JNIEnv*>(raw);
    const bool is_ready = find_upcalls(vm, env) && register_library(env) && register_client(env) &&
                          register_lock(env) && register_call(env) && register_queue(env);
    return is_ready ? jni_version : JNI_ERR;
}
