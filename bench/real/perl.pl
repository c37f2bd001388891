# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# Hashes, regular expressions, sorting and strings; prints sums that must always be the same.
use strict;
use warnings;
use integer;

my $state = 12345;

# In 0..limit-1, the same everywhere.
sub below {
    my ($limit) = @_;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return ($state >> 8) % $limit;
}

my %words;
my @lines;
for my $i (1 .. 30000) {
    my $line = join ' ', map { chr(97 + below(26)) x (1 + below(7)) } 1 .. 8;
    push @lines, "$i: $line";
    $words{$_}++ for split / /, $line;
}
print scalar(keys %words), " words\n";
my @frequent = sort { $words{$b} <=> $words{$a} || $a cmp $b } keys %words;
print join(' ', map { "$_=$words{$_}" } @frequent[0 .. 20]), "\n";

my ($matches, $length) = (0, 0);
for my $line (@lines) {
    if ($line =~ /^(\d+): (\w+) .*?(\w)\3{3,}/) {
        $matches++;
        $length += length "$2$3$1";
    }
    (my $copy = $line) =~ s/([aeiou]+)/<$1>/g;
    $length += length $copy;
}
print "$matches matches, $length letters\n";

my %tree;
for my $i (1 .. 40000) {
    my $number = below(100000);
    $tree{$number % 50}{$number % 7}{$number} = [$i, "value $i", { own => $number }];
    delete $tree{below(50)}{below(7)} if $i % 97 == 0;
}
my ($leaves, $sum) = (0, 0);
for my $one (sort { $a <=> $b } keys %tree) {
    for my $two (sort { $a <=> $b } keys %{ $tree{$one} }) {
        for my $leaf (values %{ $tree{$one}{$two} }) {
            $leaves++;
            $sum += $leaf->[0] + length($leaf->[1]) + $leaf->[2]{own};
        }
    }
}
print "$leaves leaves, $sum\n";
my @sorted = sort { substr($a, -9) cmp substr($b, -9) || $a cmp $b } @lines;
print "$sorted[0]\n$sorted[777]\n$sorted[-1]\n";
