package probe

// vector is content behind its length, which takes size bytes.
func vector(size int, content ...[]byte) []byte {
	n := 0
	for _, c := range content {
		n += len(c)
	}
	out := make([]byte, 0, size+n)
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		out = append(out, byte(n>>shift))
	}
	for _, c := range content {
		out = append(out, c...)
	}
	return out
}

func words[T ~uint16](list ...T) []byte {
	out := make([]byte, 0, 2*len(list))
	for _, w := range list {
		out = append(out, byte(w>>8), byte(w))
	}
	return out
}

// cursor reads what a peer wrote. After the first thing that is not there, bad
// stays set and everything reads as empty.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n > len(c.rest) {
		c.bad, c.rest = true, nil
		return nil
	}
	taken := c.rest[:n]
	c.rest = c.rest[n:]
	return taken
}

// number reads a number of size bytes, at most 3.
func (c *cursor) number(size int) int {
	n := 0
	for _, b := range c.take(size) {
		n = n<<8 | int(b)
	}
	return n
}

// vector reads what vector writes.
func (c *cursor) vector(size int) []byte {
	return c.take(c.number(size))
}

// list reads a vector of vectors that are not empty.
func (c *cursor) list(size, itemSize int) [][]byte {
	var items [][]byte
	in := cursor{rest: c.vector(size)}
	for len(in.rest) > 0 {
		item := in.vector(itemSize)
		if len(item) == 0 {
			in.bad = true
			break
		}
		items = append(items, item)
	}
	if c.bad = c.bad || in.bad; c.bad {
		return nil
	}
	return items
}

// done says whether all was there, and nothing more.
func (c *cursor) done() bool {
	return !c.bad && len(c.rest) == 0
}
