// The peer of a check: which messages every group of a cluster has not consumed, with franz-go's admin client. Prints
// how many partitions have some, and how many messages those are.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	source := flag.String("source", "", "bootstrap servers read from")
	flag.Parse()
	if err := run(context.Background(), *source); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, source string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(source))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	groups, err := admin.ListGroups(ctx)
	if err != nil {
		return err
	}
	committed := admin.FetchManyOffsets(ctx, groups.Groups()...)
	if err := committed.Error(); err != nil {
		return err
	}
	starts, err := admin.ListStartOffsets(ctx)
	if err != nil {
		return err
	}
	ends, err := admin.ListEndOffsets(ctx)
	if err != nil {
		return err
	}
	earliest := map[string]map[int32]int64{}
	for _, group := range committed {
		group.Fetched.Each(func(offset kadm.OffsetResponse) {
			start, known := starts.Lookup(offset.Topic, offset.Partition)
			if !known || offset.At < 0 {
				return
			}
			if earliest[offset.Topic] == nil {
				earliest[offset.Topic] = map[int32]int64{}
			}
			at := max(offset.At, start.Offset)
			if other, found := earliest[offset.Topic][offset.Partition]; !found || at < other {
				earliest[offset.Topic][offset.Partition] = at
			}
		})
	}
	partitions, messages := 0, int64(0)
	for topic, offsets := range earliest {
		for partition, at := range offsets {
			if end, known := ends.Lookup(topic, partition); known && at < end.Offset {
				partitions++
				messages += end.Offset - at
			}
		}
	}
	fmt.Println(partitions, "partitions", messages, "messages")
	return nil
}
