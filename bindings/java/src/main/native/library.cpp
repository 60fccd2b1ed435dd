// NativeLibrary.java.
#include "jvm.hpp"
#include "options.hpp"

namespace leasehold_jni {
namespace {

jbyteArray version(JNIEnv* env, jclass) {
    return to_bytes(env, lh_version());
}

jbyteArray code_name(JNIEnv* env, jclass, jint code) {
    return to_bytes(env, lh_code_name(code));
}

jboolean cancel(JNIEnv*, jclass, jlong operation) {
    return lh_cancel(static_cast<lh_operation>(operation)) == 1 ? JNI_TRUE : JNI_FALSE;
}

template <typename Options>
Options defaults(void (*init)(Options*, std::size_t)) {
    Options options{};
    init(&options, sizeof options);
    return options;
}

jlongArray client_defaults(JNIEnv* env, jclass) {
    return to_longs(env, numbers_of(defaults(&lh_client_options_init)));
}

jdouble clock_drift_default(JNIEnv*, jclass) {
    return defaults(&lh_client_options_init).clock_drift;
}

jlongArray lock_defaults(JNIEnv* env, jclass) {
    return to_longs(env, numbers_of(defaults(&lh_lock_options_init)));
}

jlongArray elect_defaults(JNIEnv* env, jclass) {
    return to_longs(env, numbers_of(defaults(&lh_elect_options_init)));
}

}  // namespace

bool register_library(JNIEnv* env) {
    const JNINativeMethod methods[] = {
        native("version", "()[B", &version),
        native("codeName", "(I)[B", &code_name),
        native("cancel", "(J)Z", &cancel),
        native("clientDefaults", "()[J", &client_defaults),
        native("clockDriftDefault", "()D", &clock_drift_default),
        native("lockDefaults", "()[J", &lock_defaults),
        native("electDefaults", "()[J", &elect_defaults),
    };
    return register_natives(env, "io/leasehold/NativeLibrary", methods);
}

}  // namespace leasehold_jni
