#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# perl.sh LIBRARY -- perl: hashes, strings that grow, regular expressions, closures, forks.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need perl

cat >"$work/program.pl" <<'EOF'
use strict;
use warnings;
my ($seed, %count, @lines) = (12345);
sub next_number { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed; }
for my $i (1 .. 30000) {
    my $word = join '', map { chr(97 + next_number() % 26) } 1 .. 1 + $i % 12;
    $count{$word} .= "$i,";
    push @lines, "$word:" . ("y" x (next_number() % 200));
}
delete @count{grep { length > 9 } keys %count};
my $text = join "\n", @lines;
my $matches = () = $text =~ /([aeiou])[^aeiou]\1/g;
(my $upper = $text) =~ s/(\w)y+/\u$1/g;
my @sorted = sort { length $a <=> length $b or $a cmp $b } @lines;
print scalar(keys %count), " $matches ", length($upper), " $sorted[0] $sorted[-1]\n";
my $sum = 0;
$sum = ($sum * 31 + unpack '%32C*', $_ . $count{$_}) % 1000003 for sort keys %count;
my @closures = map { my $n = $_; sub { $n += shift; $n } } 1 .. 5000;
$sum += $_->(2) for @closures;
print "$sum\n";
for my $i (1 .. 20) {
    pipe my $in, my $out or die;
    my $child = fork // die;
    if (!$child) { my @copy = map { "$_$i" } @lines[0 .. 2000]; print $out scalar(@copy), "\n"; close $out; exit 0; }
    close $out;
    print "child $i: ", scalar <$in>;
    waitpid $child, 0;
    die if $?;
}
EOF

loads perl -e 'print "x" x 100'
both "program" perl "$work/program.pl"
