#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Whatever the code says to a user or an administrator is in the list of
# spank-sif-errors(7), and whatever is in the list is said by the code.
#
# Of the code: each string literal of two words or more, adjacent ones joined,
# is such a text, unless it is an argument of a call below, or the value of a
# field of a structure or array.  So a text that is forgotten here fails, and a
# literal that is none has to be named.  Of the page: what follows .B after a
# .TP or .TQ.  A conversion such as %s, and italics (\fIPATH\fP), are each "*".
set -u
: "${top_srcdir:?}"

if ! command -v perl >/dev/null; then
	echo '1..0 # SKIP no perl'
	exit 0
fi
# shellcheck disable=SC2016
exec perl -e '
use strict;

# Calls whose literals are no texts: of --sif-debug, for a program ("out": its
# FILE), origins and names, parts of a sentence of sif*.c, constructs of bash.
my %no_text = map { $_ => 1 } qw(report_detail report_moment
	report_moment_at snprintf sscanf printf fputs out strstr strchr binds_add
	plan_file sif_read_at sif_table_check_data truncated asprintf
	environment_scan_note
	say_info slurm_info);

my $top = shift;
my (%code, %page);

sub normal {
	my $text = shift;
	$text =~ s/\s+/ /g;
	$text =~ s{^(?:spank_sif: )?(?:warning: )?|^ | $}{}g;
	$text =~ s/\*+/*/g;
	$text =~ s/(?<=\S)\*$//; # (what may follow)
	return $text;
}

# Of what is in a C literal.
sub plain {
	my $text = shift;
	$text =~ s/%%/\0/g;
	$text =~ s/%[-+ 0-9.*]*[hljzt]*[a-zA-Z]/*/g;
	$text =~ s/\0/%/g;
	$text =~ s/\\[nt]/ /g;
	$text =~ s/\\(.)/$1/g;
	return normal($text);
}

sub is_text {
	my ($text, $before, @calls) = @_;
	return 0 if $text !~ /[A-Za-z]/ || $text !~ /\S \S/;
	return 0 if $before =~ /(?:\.\w+|\])=$/ || grep { $no_text{$_} } @calls;
	return 1;
}

# Tokens of C: `before` is the last three that are no part of this literal.
sub read_code {
	my ($name, $source) = @_;
	my ($literal, $macro, $before, @calls) = (undef, "", "");
	$source =~ s/^\s*#(?:.*\\\n)*.*//mg;
	while ($source =~ m{\G(?:\s+|/\*.*?\*/|\x27(?:[^\x27\\]|\\.)+\x27
			|"((?:[^"\\]|\\.)*)"|(\w+|.))}gsx) {
		my ($more, $token) = ($1, $2);
		if (defined $more) {
			$literal = ($literal // "") .
				($macro eq "" ? "" : "%s") . $more;
			$macro = "";
			next;
		}
		next if !defined $token;
		if (defined $literal && $macro eq "" && $token =~ /^[A-Z]\w+$/) {
			$macro = $token; # between literals, or else after them
			next;
		}
		if (defined $literal) {
			push @{$code{plain($literal)}}, $name
				if is_text(plain($literal), $before, @calls);
			undef $literal;
			$macro = "";
		}
		push @calls, $before =~ /(\w+)$/ ? $1 : "" if $token eq "(";
		pop @calls if $token eq ")";
		$calls[-1] = "out" if $token eq "out" && $before =~ /fprintf\($/;
		$before = substr($before . ($token =~ /^\w/ &&
			$before =~ /\w$/ ? " " : "") . $token, -64);
	}
}

# Of troff.
sub read_page {
	my ($inside, $tagged) = (0, 0);
	for (@_) {
		$inside = /TROUBLESHOOTING/ if /^\.SH/;
		if ($inside && $tagged && /^\.B (.*)/) {
			my $text = $1;
			$text =~ s/\\fI.*?\\f[PB]/*/g;
			$text =~ s/\\\(aq/\x27/g;
			$text =~ s/\\[&%|]//g;
			$text =~ s/\\-/-/g;
			$text =~ s/\\e/\\/g;
			$page{normal($text)} = $.;
		}
		$tagged = /^\.T[PQ]/;
	}
}

sub slurp {
	open(my $file, "<", $_[0]) or die "cannot read $_[0]: $!\n";
	local $/;
	return scalar <$file>;
}

# spank-sif-check speaks to the administrator who runs it, see its own page.
for my $name (split /\n/, qx(cd "$top" &&
	find common spank -name "*.c" ! -path "*/check/*")) {
	read_code($name, slurp("$top/$name"));
}
read_page(split /\n/, slurp("$top/doc/spank-sif-errors.7.in"));

my ($count, $failed) = (0, 0);
sub check {
	my ($ok, $what) = @_;
	$failed += !$ok;
	printf "%sok %d - %s\n", $ok ? "" : "not ", ++$count, $what =~ s/#/ /gr;
}
check(keys %code > 100, "the sources have texts");
for my $text (sort keys %code) {
	my %files = map { $_ => 1 } @{$code{$text}};
	check(exists $page{$text}, "in spank-sif-errors(7): $text (" .
		join(", ", sort keys %files) . ")");
}
check(exists $code{$_}, "in the sources: $_") for sort keys %page;
print "1..$count\n";
exit($failed > 0);
' "$top_srcdir"
