package finding

import "time"

// SoonDays gives the smallest of 30, 14 and 7 days that is not less than what is
// left of something that ends; 0 when it is too early or too late to warn.
func SoonDays(left time.Duration) int {
	if left <= 0 {
		return 0
	}
	for _, days := range []int{7, 14, 30} {
		if left <= time.Duration(days)*24*time.Hour {
			return days
		}
	}
	return 0
}
