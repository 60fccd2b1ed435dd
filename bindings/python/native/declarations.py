"""Reads the declarations of a C header of ours as cffi takes them, so that nothing is declared twice.

Only what those headers are made of is understood: comments, include guards, blocks for C++,
constants, and declarations that begin with LH_API or typedef.
"""

import re

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
FOR_CPP = re.compile(r"^#ifdef __cplusplus\n.*?^#endif\n", re.DOTALL | re.MULTILINE)
CONSTANT = re.compile(r"^#define (LH_[A-Z_]+) +(?!__attribute__)\S.*$", re.MULTILINE)
DIRECTIVE = re.compile(r"^ *#.*$", re.MULTILINE)


def declarations(header: str) -> str:
    text = FOR_CPP.sub("", COMMENT.sub("", header))
    # The compiler knows their values.
    constants = "".join(f"#define {name} ...\n" for name in CONSTANT.findall(text))
    plain = DIRECTIVE.sub("", text).replace("LH_API ", "")
    return constants + plain
