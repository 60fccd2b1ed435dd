#!/usr/bin/env python3
"""Installs the build into the prefix that the tests share. Run first, and once, by ctest."""

import os
import shutil

import harness

prefix = os.environ["LEASEHOLD_PREFIX"]
shutil.rmtree(prefix, ignore_errors=True)
harness.install(prefix)
