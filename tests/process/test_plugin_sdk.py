"""The plugin SDK as a stranger meets it: headers in every dialect, and the template built outside of this tree."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RACEHUB_BUILD", ROOT / "build"))
SDK = ROOT / "plugins" / "sdk"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror".split()

# Uses every macro and the inline function, so that they are compiled too.
C_PROGRAM = """
#include <racehub/plugin.h>
static const rh_plugin_descriptor descriptor = {sizeof(rh_plugin_descriptor), RH_PLUGIN_SINGLETON,
    "org.example.c", "C", "1.0.0", 0, 0, 0, 0, 0, 0, 0};
static const rh_plugin_descriptor* describe(uint32_t index) { return index == 0 ? &descriptor : 0; }
static const rh_plugin* create(uint32_t index, const rh_host* host) {
    if (RH_HAS(rh_host, host, log) && host->log) host->log(host->ctx, RH_LOG_INFO, rh_text("no"));
    (void)index;
    return 0;
}
const rh_plugin_entry* racehub_plugin_entry_v1(void) {
    static const rh_plugin_entry entry = {sizeof(rh_plugin_entry), RH_ABI_MAJOR, RH_ABI_MINOR, 1,
                                          describe, create, 0};
    return &entry;
}
"""
CPP_PROGRAM = (SDK / "template" / "main.cpp").read_text() + "\n#include <racehub/worker.hpp>\n"


def compile_text(compiler, standard, text, extra=()):
    language = "c++" if "++" in standard else "c"
    return subprocess.run(
        [compiler, f"-std={standard}", *WARNINGS, *extra, "-I", str(SDK / "include"), "-x", language, "-c", "-o",
         os.devnull, "-"], input=text, text=True, capture_output=True)


@pytest.mark.parametrize("compilers", [("gcc", "g++"), ("clang", "clang++")], ids=["gcc", "clang"])
@pytest.mark.parametrize("standard", ["c99", "c11", "c17", "c++11", "c++14", "c++17", "c++20"])
def test_header_compiles_without_a_warning(compilers, standard):
    compiler = compilers["++" in standard]
    extra = ["-Wold-style-cast", "-Wno-zero-as-null-pointer-constant"] if "++" in standard else ["-Wstrict-prototypes"]
    result = compile_text(compiler, standard, C_PROGRAM, extra)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("standard", ["c++17", "c++20"])
def test_wrapper_compiles_without_a_warning(compiler, standard):
    result = compile_text(compiler, standard, CPP_PROGRAM)
    assert result.returncode == 0, result.stderr


def test_a_warning_would_be_seen():
    assert compile_text("gcc", "c99", C_PROGRAM + "static int unused;\n").returncode != 0


def exported_symbols(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    return [line.split()[-1] for line in lines]


@pytest.fixture(scope="session")
def installed_sdk(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(prefix), "--component", "dev"], check=True,
                   capture_output=True)
    return prefix


def test_template_builds_out_of_tree(installed_sdk, tmp_path):
    source = tmp_path / "my-plugin"
    shutil.copytree(installed_sdk / "share" / "racehub" / "template", source)
    build = tmp_path / "build"
    for command in (["cmake", "-S", str(source), "-B", str(build), f"-DCMAKE_PREFIX_PATH={installed_sdk}"],
                    ["cmake", "--build", str(build)]):
        result = subprocess.run(command, text=True, capture_output=True)
        assert result.returncode == 0, result.stdout + result.stderr
    assert exported_symbols(build / "my_plugin.so") == ["racehub_plugin_entry_v1"]
    checked = subprocess.run([BUILD / "bin" / "racehub-plugin-host", "check", build / "my_plugin.so"], text=True,
                             capture_output=True)
    assert checked.returncode == 0, checked.stdout


def test_template_is_short():
    for name in ("main.cpp", "CMakeLists.txt"):
        assert len((SDK / "template" / name).read_text().splitlines()) < 80
    assert len((SDK / "include/racehub/plugin.hpp").read_text().splitlines()) <= 250
