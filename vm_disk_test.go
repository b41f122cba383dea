package main

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

// Of the NBD protocol, as its "proto.md" has it: what an emulator asks for.
const (
	nbdMagic, nbdOption, nbdOptionReply = 0x4e42444d41474943, 0x49484156454f5054, 0x3e889045565a9
	nbdRequest, nbdReply                = 0x25609513, 0x67446698
	nbdGo, nbdAbort                     = 7, 2
	nbdInfo, nbdAck, nbdUnsupported     = 3, 1, 1<<31 + 1
	nbdRead, nbdWrite, nbdEnd, nbdFlush = 0, 1, 2, 3
	nbdFlags                            = 1 | 4 // it can flush, and nothing else
)

// block is what a disk writes whole or not at all.
const block = 4096

// forgetful is a disk with a cache that a power cut empties: what was not flushed
// is written then or it is not, each block by chance. It speaks NBD.
type forgetful struct {
	file    *os.File
	size    int64
	address string

	mu    sync.Mutex // guards what follows, and the file
	cache map[int64][]byte
	lost  int // blocks
}

func newForgetful(t testing.TB, image, socket string) *forgetful {
	t.Helper()
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); file.Close() })
	d := &forgetful{file: file, size: info.Size(), address: "nbd+unix:///?socket=" + socket, cache: map[int64][]byte{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if err := d.serve(c); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
					t.Logf("the disk: %v", err)
				}
			}()
		}
	}()
	return d
}

// cut decides what of the cache was written, and gives how much was not.
func (d *forgetful) cut() (lost int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for at := range d.cache {
		if rand.N(2) == 0 {
			delete(d.cache, at)
			lost++
		}
	}
	d.lost += lost
	return lost, d.flush()
}

// flush writes the cache. The caller holds mu.
func (d *forgetful) flush() error {
	for at, b := range d.cache {
		if _, err := d.file.WriteAt(b, at*block); err != nil {
			return err
		}
	}
	clear(d.cache)
	return nil
}

// read is what the guest sees. The caller holds mu.
func (d *forgetful) read(b []byte, off int64) error {
	if _, err := d.file.ReadAt(b, off); err != nil {
		return err
	}
	for at := off / block; at*block < off+int64(len(b)); at++ {
		if cached := d.cache[at]; cached != nil {
			from := at*block - off
			copy(b[max(0, from):], cached[max(0, -from):])
		}
	}
	return nil
}

// write puts it into the cache. The caller holds mu.
func (d *forgetful) write(b []byte, off int64) error {
	for len(b) > 0 {
		at, from := off/block, off%block
		whole := d.cache[at]
		if whole == nil {
			whole = make([]byte, block)
			if err := d.read(whole, at*block); err != nil {
				return err
			}
			d.cache[at] = whole
		}
		n := copy(whole[from:], b)
		b, off = b[n:], off+int64(n)
	}
	return nil
}

// serve agrees on the disk, and then does what is asked.
func (d *forgetful) serve(c net.Conn) error {
	if err := send(c, uint64(nbdMagic), uint64(nbdOption), uint16(1|2)); err != nil {
		return err
	}
	var client uint32
	if err := receive(c, &client); err != nil {
		return err
	}
	for {
		var magic uint64
		var option, size uint32
		if err := receive(c, &magic, &option, &size); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c, int64(size)); err != nil {
			return err
		}
		switch option {
		case nbdGo:
			err := send(c, uint64(nbdOptionReply), option, uint32(nbdInfo), uint32(12), uint16(0), uint64(d.size), uint16(nbdFlags),
				uint64(nbdOptionReply), option, uint32(nbdAck), uint32(0))
			if err != nil {
				return err
			}
			return d.transmit(c)
		case nbdAbort:
			return send(c, uint64(nbdOptionReply), option, uint32(nbdAck), uint32(0))
		}
		if err := send(c, uint64(nbdOptionReply), option, uint32(nbdUnsupported), uint32(0)); err != nil {
			return err
		}
	}
}

func (d *forgetful) transmit(c net.Conn) error {
	for {
		var r struct {
			Magic       uint32
			Flags, Type uint16
			Handle      uint64
			Offset      int64
			Length      uint32
		}
		if err := receive(c, &r); err != nil || r.Magic != nbdRequest || r.Type == nbdEnd {
			return err
		}
		b := make([]byte, 0, r.Length)
		if r.Type == nbdRead || r.Type == nbdWrite {
			b = b[:r.Length]
		}
		if r.Type == nbdWrite {
			if _, err := io.ReadFull(c, b); err != nil {
				return err // half a request did nothing
			}
		}
		wrong := uint32(0)
		if err := d.do(r.Type, b, r.Offset); err != nil {
			wrong = 5 // EIO
		}
		if r.Type != nbdRead || wrong > 0 {
			b = nil
		}
		if err := send(c, uint32(nbdReply), wrong, r.Handle, b); err != nil {
			return err
		}
	}
}

func (d *forgetful) do(what uint16, b []byte, off int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch what {
	case nbdRead:
		return d.read(b, off)
	case nbdWrite:
		return d.write(b, off)
	case nbdFlush:
		return d.flush()
	}
	return errors.ErrUnsupported
}

// send writes values, big-endian, in one piece.
func send(w io.Writer, values ...any) error {
	var b []byte
	for _, v := range values {
		var err error
		if b, err = binary.Append(b, binary.BigEndian, v); err != nil {
			return err
		}
	}
	_, err := w.Write(b)
	return err
}

func receive(r io.Reader, into ...any) error {
	for _, v := range into {
		if err := binary.Read(r, binary.BigEndian, v); err != nil {
			return err
		}
	}
	return nil
}
