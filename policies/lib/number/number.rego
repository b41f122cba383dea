# METADATA
# scope: package
# title: Numbers and their bounds
# description: |-
#   An absent number (null) breaks every bound. Rego orders null before all
#   numbers: null < 8 holds by itself, null > 8 has to be asked for.
package lib.number

import data.lib.violation

# below is the violation of a number under its least value.
below(fact, label, value, least) := _broken(
	fact, label, value,
	sprintf(">= %d", [least]), sprintf("at least %d", [least]),
) if value < least

# above is the violation of a number over its greatest value.
above(fact, label, value, most) := _broken(
	fact, label, value,
	sprintf("<= %d", [most]), sprintf("at most %d", [most]),
) if _exceeds(value, most)

# outside is the violation of a number that is not from least to most.
outside(fact, label, value, least, most) := _broken(
	fact, label, value,
	_range("..", least, most), _range(" to ", least, most),
) if _strays(value, least, most)

_exceeds(null, _)

_exceeds(value, most) if value > most

_strays(value, least, _) if value < least # null too

_strays(value, _, most) if value > most

_range(_, only, only) := sprintf("%d", [only])

_range(separator, least, most) := sprintf("%d%s%d", [least, separator, most]) if least != most

_broken(fact, label, null, expected, must) := violation.unset(fact, expected, label, must)

_broken(fact, label, value, expected, must) := violation.wrong(fact, expected, label, value, must) if value != null
