/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_delay.h -- in builds with -Ddelays=true every atomic operation may wait before and after it: a spin, or the
 * processor for another thread. So threads meet between any two operations, which otherwise takes weeks. In other
 * builds nothing of this is compiled. */
#pragma once
#include "hz_base.h"

#if HZ_DELAYS
HZ_HIDDEN void hz_delay(void);

#define HZ_DELAYED(operation)                      \
    __extension__({                                \
        hz_delay();                                \
        __auto_type hz_delay_result = (operation); \
        hz_delay();                                \
        hz_delay_result;                           \
    })
#define HZ_DELAYED_STORE(operation) \
    __extension__({                 \
        hz_delay();                 \
        (operation);                \
        hz_delay();                 \
    })
#else
#define HZ_DELAYED(operation) (operation)
#define HZ_DELAYED_STORE(operation) (operation)
#endif
