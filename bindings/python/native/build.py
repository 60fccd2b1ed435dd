"""Writes the C source of an extension module, from the headers that it gives to Python.

build.py leasehold INCLUDE_DIRECTORY OUTPUT   the library, and what calls back into Python
build.py testing INCLUDE_DIRECTORY OUTPUT     the embedded server
"""

import pathlib
import sys

from cffi import FFI
from declarations import declarations

HERE = pathlib.Path(__file__).resolve().parent


def library(include: pathlib.Path) -> FFI:
    ffi = FFI()
    ffi.cdef(declarations((include / "leasehold" / "leasehold.h").read_text(encoding="utf-8")))
    ffi.cdef((HERE / "callbacks.cdef").read_text(encoding="utf-8"))
    ffi.set_source(
        "leasehold._leasehold",
        '#include <leasehold/leasehold.h>\n#include "callbacks.h"\n#include "waiter.h"\n',
    )
    return ffi


def testing(include: pathlib.Path) -> FFI:
    ffi = FFI()
    ffi.include(library(include))  # its types are the same in both modules
    ffi.cdef(declarations((include / "leasehold" / "testing.h").read_text(encoding="utf-8")))
    ffi.set_source("leasehold._leasehold_testing", "#include <leasehold/testing.h>\n")
    return ffi


def main() -> None:
    which, include, output = sys.argv[1:]
    make = {"leasehold": library, "testing": testing}[which]
    make(pathlib.Path(include)).emit_c_code(output)


main()
