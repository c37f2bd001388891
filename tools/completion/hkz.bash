# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# hkz.bash -- bash completes the words of hkz. Without the package bash-completion, too.

# __hkz_fill WORDS: those that begin with the word under the cursor.
__hkz_fill() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

# __hkz_option: NAME= or, behind the equals sign, values. Bash breaks words at the sign.
__hkz_option() {
    local name=$1 word=${COMP_WORDS[COMP_CWORD]}
    if [ -z "$name" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(hkz config --list 2>/dev/null | sed 's/ .*//; s/$/=/')" -- "$word")
        compopt -o nospace 2>/dev/null # refused outside of a completion
        return 0
    fi
    [ "$word" != = ] || word=
    mapfile -t COMPREPLY < <(compgen -W "$(hkz config --list 2>/dev/null | sed -n "s/^$name //p")" -- "$word")
}

# __hkz_value: whether the word under the cursor is the value of --profile or --option; then it is completed.
__hkz_value() {
    local before=${COMP_WORDS[COMP_CWORD - 1]} two=${COMP_WORDS[COMP_CWORD - 2]-} three=${COMP_WORDS[COMP_CWORD - 3]-}
    case $before in
    --profile | -p) __hkz_fill "$(hkz profiles --names 2>/dev/null)" ;;
    --option | -o) __hkz_option '' ;;
    --check) mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") ;;
    --directory) mapfile -t COMPREPLY < <(compgen -d -- "${COMP_WORDS[COMP_CWORD]}") ;;
    *)
        case $two:${COMP_WORDS[COMP_CWORD]} in
        --option:= | -o:=) __hkz_option "$before" ;;
        *)
            # --option NAME = VALUE: the sign is the word before.
            case $three:$before in
            --option:= | -o:=) __hkz_option "$two" ;;
            *) return 1 ;;
            esac ;;
        esac ;;
    esac
}

# __hkz_command: the place of the program in `hkz run`, if the cursor is behind it.
__hkz_command() {
    local at=2
    while [ $at -lt "$COMP_CWORD" ]; do
        case ${COMP_WORDS[at]} in
        --) echo $((at + 1)); return ;;
        --profile | -p) at=$((at + 2)) ;;
        --option | -o)
            at=$((at + 2))
            [ "${COMP_WORDS[at]-}" != = ] || at=$((at + 2)) ;;
        -*) at=$((at + 1)) ;;
        *) echo $at; return ;;
        esac
    done
}

__hkz() {
    local at
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        __hkz_fill "run profiles which config systemd help --version --help"
        return
    fi
    if [ "${COMP_WORDS[1]}" = run ]; then
        at=$(__hkz_command)
        if [ -n "$at" ]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset "$at"
            elif [ "$at" = "$COMP_CWORD" ]; then
                mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
            fi
            return
        fi
    fi
    __hkz_value && return
    case ${COMP_WORDS[1]} in
    run)
        __hkz_fill "--profile --option --help --"
        case ${COMP_WORDS[COMP_CWORD]} in
        -*) ;;
        *) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}") ;;
        esac ;;
    profiles) __hkz_fill "--json --names --help" ;;
    which) __hkz_fill "--all --json --help $(cd /proc 2>/dev/null && echo [0-9]*)" ;;
    config) __hkz_fill "--explain --profile --option --exe --json --check --list --help \
        $(hkz config --list 2>/dev/null | sed 's/ .*//')" ;;
    systemd) __hkz_fill "--profile --option --write --directory --help \
        $(systemctl list-unit-files --no-legend --type=service 2>/dev/null | awk '{ print $1 }')" ;;
    help) __hkz_fill "run profiles which config systemd" ;;
    esac
}
complete -F __hkz hkz
