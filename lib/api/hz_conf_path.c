/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_conf_path.c -- where the configuration file is: in the directory that the build was given. Alone in its
 * object, so that a test program that defines the same name is linked with that instead. */
#include "hz_conf.h"

const char hz_conf_path[] = HZ_CONF_PATH;
