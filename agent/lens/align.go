package lens

const maxAlign = 1 << 20 // pairs of values that are looked at

// alignWants says for each value of a list that is there which one of a wanted
// list, no longer than it, takes its place: -1 for one that goes. As many as can
// stay as they are. ok is false for lists too long to compare.
func alignWants(have []string, want []Want) (takes []int, ok bool) {
	n, m := len(have), len(want)
	head := 0
	for head < m && have[head] == want[head].Text {
		head++
	}
	tail := 0
	for tail < m-head && have[n-1-tail] == want[m-1-tail].Text {
		tail++
	}
	for i := range head {
		takes = append(takes, i)
	}
	middle, ok := alignMiddle(have[head:n-tail], want[head:m-tail])
	if !ok {
		return nil, false
	}
	for _, j := range middle {
		if j >= 0 {
			j += head
		}
		takes = append(takes, j)
	}
	for i := range tail {
		takes = append(takes, m-tail+i)
	}
	return takes, true
}

// alignMiddle counts, for each end of both lists, how many values would have to
// change; then it walks the cheapest way.
func alignMiddle(have []string, want []Want) ([]int, bool) {
	n, m := len(have), len(want)
	if (n+1)*(m+1) > maxAlign {
		return nil, false
	}
	cost := make([]int, (n+1)*(m+1))
	at := func(i, j int) int { return i*(m+1) + j }
	put := func(i, j int) int {
		if have[i] == want[j].Text {
			return cost[at(i+1, j+1)]
		}
		return cost[at(i+1, j+1)] + 1
	}
	for i := n; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if n-i < m-j {
				cost[at(i, j)] = n + 1
				continue
			}
			cost[at(i, j)] = min(put(i, j), cost[at(i+1, j)])
		}
	}
	takes := make([]int, n)
	for i, j := 0, 0; i < n; i++ {
		takes[i] = -1
		if j < m && put(i, j) == cost[at(i, j)] {
			takes[i] = j
			j++
		}
	}
	return takes, true
}
