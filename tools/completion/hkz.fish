# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# hkz.fish -- fish completes the words of hkz.

# The words of `hkz run` behind its own options: a command line of its own.
function __hkz_rest
    set -l words (commandline -opc)
    set -e words[1..2]
    while set -q words[1]
        switch $words[1]
            case -p --profile -o --option
                set -e words[1]
            case --
                set -e words[1]
                break
            case '-*'
            case '*'
                break
        end
        set -q words[1]; and set -e words[1]
    end
    string join -- ' ' $words (commandline -ct)
end

function __hkz_options
    hkz config --list 2>/dev/null | while read -l name values
        if test -n "$values"
            for value in (string split ' ' -- $values)
                echo $name=$value
            end
        else
            echo $name=
        end
    end
end

complete -c hkz -f
complete -c hkz -n __fish_use_subcommand -l version -d 'Show the version'
complete -c hkz -n __fish_use_subcommand -a run -d 'Run a program on a profile'
complete -c hkz -n __fish_use_subcommand -a profiles -d 'List the profiles that are installed'
complete -c hkz -n __fish_use_subcommand -a which -d 'Tell which allocator a process uses'
complete -c hkz -n __fish_use_subcommand -a config -d 'Explain the options, or check a configuration file'
complete -c hkz -n __fish_use_subcommand -a systemd -d 'Make a drop-in that puts a unit on a profile'
complete -c hkz -n __fish_use_subcommand -a help -d 'Explain a command'
for command in run config systemd
    complete -c hkz -n "__fish_seen_subcommand_from $command" -s p -l profile -x -a '(hkz profiles --names 2>/dev/null)'
    complete -c hkz -n "__fish_seen_subcommand_from $command" -s o -l option -x -a '(__hkz_options)'
end
complete -c hkz -n '__fish_seen_subcommand_from run' -a '(complete -C (__hkz_rest))'
complete -c hkz -n '__fish_seen_subcommand_from profiles' -l json -d 'As JSON'
complete -c hkz -n '__fish_seen_subcommand_from profiles' -l names -d 'Only names'
complete -c hkz -n '__fish_seen_subcommand_from which' -l all -d 'All processes'
complete -c hkz -n '__fish_seen_subcommand_from which' -l json -d 'As JSON'
complete -c hkz -n '__fish_seen_subcommand_from which' -a '(__fish_complete_pids)'
complete -c hkz -n '__fish_seen_subcommand_from config' -l explain -d 'Explain the options'
complete -c hkz -n '__fish_seen_subcommand_from config' -l exe -x -d 'As a program of that name'
complete -c hkz -n '__fish_seen_subcommand_from config' -l json -d 'As JSON'
complete -c hkz -n '__fish_seen_subcommand_from config' -l check -r -F -d 'Check a file'
complete -c hkz -n '__fish_seen_subcommand_from config' -l list -d 'Names and choices'
complete -c hkz -n '__fish_seen_subcommand_from systemd' -l write -d 'Write it to its place'
complete -c hkz -n '__fish_seen_subcommand_from systemd' -l directory -x -a '(__fish_complete_directories)'
complete -c hkz -n '__fish_seen_subcommand_from help' -a 'run profiles which config systemd'
