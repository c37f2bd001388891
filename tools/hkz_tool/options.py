# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Options, asked of the library itself, which alone knows them: it is loaded in a child, so that whatever becomes of
that, hkz lives on."""
import json
import os
import re
import signal

from .setup import NO_OPTION, HkzError

PREFIX = "HAKOZUNA_"


def as_variables(pairs):
    """The environment variables for words NAME=VALUE."""
    variables = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9_]+", name) or "\0" in value:
            raise HkzError(f'option "{pair}": write it as NAME=VALUE', NO_OPTION)
        if name.lower() == "conf":
            raise HkzError('"conf" is no option; name each option by itself', NO_OPTION)
        variables[PREFIX + name.upper()] = value
    return variables


def _call(library, function, arguments):
    """In the child: (the function's result, what it wrote)."""
    import ctypes  # pylint: disable=import-outside-toplevel
    pieces = []
    write_type = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    write = write_type(lambda _, text, count: pieces.append(ctypes.string_at(text, count)))
    entry = getattr(ctypes.CDLL(library, mode=os.RTLD_LOCAL | os.RTLD_NOW), function)
    result = entry(*arguments, write, None)
    return result, b"".join(pieces).decode("utf-8", "replace")


def _child(library, function, arguments, variables, out):
    """Answers with JSON and never returns."""
    try:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            del os.environ[name]
        os.environ.update(variables)
        answer = _call(library, function, arguments)
    except (OSError, AttributeError, ImportError) as error:
        answer = (None, str(error))
    except BaseException as error:  # pylint: disable=broad-except
        answer = (None, repr(error))
    with os.fdopen(out, "w", encoding="utf-8") as file:
        json.dump(answer, file)
    os._exit(0)


def ask(library, function, arguments, variables):
    """Calls a function of the library in a child that has just these variables HAKOZUNA_*: (result, text)."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(here)
        _child(library, function, arguments, variables, there)
    os.close(there)
    with os.fdopen(here, encoding="utf-8") as file:
        answer = file.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        raise HkzError(f'"{library}" cannot be asked: it ended by {signal.Signals(os.WTERMSIG(status)).name}')
    result, text = json.loads(answer)
    if result is None:
        raise HkzError(f'"{library}" cannot be asked: {text}')
    return result, text


def explain(library, program, variables):
    """All options as the program would find them: the library's own JSON."""
    import ctypes  # pylint: disable=import-outside-toplevel
    result, text = ask(library, "hkz_options_print", (1, ctypes.c_char_p(os.fsencode(program))), variables)
    if result != 0:
        raise HkzError(f'"{library}" cannot tell its options: {os.strerror(result)}')
    return json.loads(text)["hakozuna"]


def check_text(library, text):
    """The faults of a configuration file: lines "NUMBER: what"."""
    import ctypes  # pylint: disable=import-outside-toplevel
    _, found = ask(library, "hkz_options_check", (ctypes.c_char_p(text), ctypes.c_size_t(len(text))), {})
    return found.splitlines()


def require_valid(library, variables):
    """Raises HkzError if the library would complain of these variables."""
    if not variables:
        return
    for problem in explain(library, "", variables)["problems"]:
        if problem["source"] == "environment":
            message = problem["message"].replace(" is ignored", "")
            for name in variables:  # as it was written, and not as the variable
                message = message.replace(f'"{name[len(PREFIX):]}"', f'"{name[len(PREFIX):].lower()}"')
            raise HkzError(message, NO_OPTION)
