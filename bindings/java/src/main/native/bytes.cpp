#include "bytes.hpp"

#include <cstddef>

namespace leasehold_jni {

std::string to_string(JNIEnv* env, jbyteArray utf8) {
    if (utf8 == nullptr) {
        return {};
    }
    std::string text(static_cast<std::size_t>(env->GetArrayLength(utf8)), '\0');
    env->GetByteArrayRegion(utf8, 0, static_cast<jsize>(text.size()),
                            reinterpret_cast<jbyte*>(text.data()));
    return text;
}

jbyteArray to_bytes(JNIEnv* env, const char* text) {
    if (text == nullptr) {
        return nullptr;
    }
    const auto size = static_cast<jsize>(std::char_traits<char>::length(text));
    jbyteArray bytes = env->NewByteArray(size);
    if (bytes != nullptr) {
        env->SetByteArrayRegion(bytes, 0, size, reinterpret_cast<const jbyte*>(text));
    }
    return bytes;
}

jlongArray to_longs(JNIEnv* env, const std::vector<jlong>& numbers) {
    const auto size = static_cast<jsize>(numbers.size());
    jlongArray array = env->NewLongArray(size);
    if (array != nullptr) {
        env->SetLongArrayRegion(array, 0, size, numbers.data());
    }
    return array;
}

}  // namespace leasehold_jni
