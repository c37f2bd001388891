# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""What the build says of itself, the errors that end hkz, and the exit statuses, which hkz(1) documents."""
import collections

OK, FAILED, USAGE = 0, 1, 2
# Of `hkz run`; those from 125 on are env's and nohup's.
NO_PROFILE, NO_OPTION, PRIVILEGED, STATIC, OTHER_MACHINE = 115, 116, 117, 118, 119
OWN_FAILURE, CANNOT_RUN, NOT_FOUND = 125, 126, 127


class HkzError(Exception):
    """Ends hkz with one line on standard error and an exit status."""

    def __init__(self, message, status=FAILED):
        super().__init__(message)
        self.status = status


# Where things are, as the build was configured: data is a file that says what the profiles are for, config the
# configuration file; default_profile may be "none"; families maps a name such as hz5 to its profile; not is_installed:
# run from the build directory.
Setup = collections.namedtuple("Setup", "version libdir prefix data config default_profile families is_installed")


def nearest(word, words):
    """'; the nearest is "..."' if one of the words is near, else ''."""
    import difflib  # pylint: disable=import-outside-toplevel
    found = difflib.get_close_matches(word, list(words), 1, 0.5)
    return f'; the nearest is "{found[0]}"' if found else ""
