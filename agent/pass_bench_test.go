package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const identityInside = "/mi/config-system/startup_config/identityconfig.xml"

// BenchmarkPass measures the steps between an event and an alert, in process.
func BenchmarkPass(b *testing.B) {
	dir := appliance(b, "compliant")
	p, err := build(optionsIn(dir).withDefaults())
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	snap, _ := p.reader.All()
	p.engine.Evaluate(context.Background(), snap, nil, time.Now())
	file := filepath.Join(dir, identity)
	good, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	texts := [][]byte{good, []byte(strings.Replace(string(good), ">15<", ">14<", 1))}
	b.Run("facts", func(b *testing.B) {
		for i := range b.N {
			b.StopTimer()
			if err := os.WriteFile(file, texts[i%2], 0o644); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			p.reader.Update([]string{identityInside})
		}
	})
	b.Run("facts and verdict", func(b *testing.B) {
		for i := range b.N {
			b.StopTimer()
			if err := os.WriteFile(file, texts[i%2], 0o644); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			next, changed := p.reader.Update([]string{identityInside})
			p.engine.Evaluate(context.Background(), next, p.engine.Affected(changed.Values), time.Now())
		}
	})
	b.Run("one rule", func(b *testing.B) {
		for range b.N {
			p.engine.Forget()
			p.engine.Evaluate(context.Background(), snap, []string{"V-250989"}, time.Now())
		}
	})
	b.Run("rules of one file", func(b *testing.B) {
		rules := p.engine.Affected([]string{"mics.password_policy.min_length", "mics.users", "mics.password_policy.special_required",
			"mics.password_policy.max_attempts", "mics.password_policy.upper_required", "mics.password_policy.lower_required", "mics.password_policy.digit_required"})
		for range b.N {
			p.engine.Forget()
			p.engine.Evaluate(context.Background(), snap, rules, time.Now())
		}
	})
	b.Run("all rules, nothing changed", func(b *testing.B) {
		for range b.N {
			p.engine.Evaluate(context.Background(), snap, nil, time.Now())
		}
	})
	b.Run("all rules", func(b *testing.B) {
		for range b.N {
			p.engine.Forget()
			p.engine.Evaluate(context.Background(), snap, nil, time.Now())
		}
	})
}
