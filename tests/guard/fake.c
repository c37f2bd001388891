/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fake.c -- a library without any of the functions that its name promises. */
int guard_fake;
