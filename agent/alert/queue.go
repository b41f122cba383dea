package alert

// defaultQueue is how many messages wait for one sink at most.
const defaultQueue = 10_000

// queue is a bounded first-in first-out list. When it is full the oldest goes:
// the newest says how things are now.
type queue struct {
	limit int
	items []*Message // a ring; grows up to limit
	head  int
	size  int
}

// push appends m and reports whether the oldest had to go for it.
func (q *queue) push(m *Message) (dropped bool) {
	if q.size == q.limit {
		q.pop()
		dropped = true
	}
	if q.size == len(q.items) {
		q.grow()
	}
	q.items[(q.head+q.size)%len(q.items)] = m
	q.size++
	return dropped
}

// pop takes the oldest; nil when there is none.
func (q *queue) pop() *Message {
	if q.size == 0 {
		return nil
	}
	m := q.items[q.head]
	q.items[q.head] = nil
	q.head = (q.head + 1) % len(q.items)
	q.size--
	return m
}

func (q *queue) grow() {
	items := make([]*Message, min(max(16, 2*q.size), q.limit))
	for i := range q.size {
		items[i] = q.items[(q.head+i)%len(q.items)]
	}
	q.items, q.head = items, 0
}
