package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// cardsFor is how long a conversation's cards are kept after the last one was posted.
const cardsFor = 90 * 24 * time.Hour

// KeepCard remembers a posted card as the newest; see [bot.PostedCards]. It returns an error for a card that has no
// reference or is of no generation.
func (s *Store) KeepCard(ctx context.Context, c bot.Conversation, card bot.PostedCard) error {
	return s.withBudget(ctx, "keep a posted card", func(ctx context.Context) error {
		if _, ok := decodeCard(encodeCard(card)); !ok {
			return errors.New("the card has no reference, generation or language")
		}
		return s.changeCards(ctx, c, cardHead(card.Ref), encodeCard(card))
	})
}

// Cards returns the posted cards of a conversation, the newest first. What a later release wrote in another form is
// left out.
func (s *Store) Cards(ctx context.Context, c bot.Conversation) (cards []bot.PostedCard, err error) {
	err = s.withBudget(ctx, "read the posted cards", func(ctx context.Context) error {
		value, err := s.client.Get(ctx, s.keys.of(c).cards).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		cards = decodeCards(value)
		return nil
	})
	return cards, err
}

// ForgetCard forgets the posted card of this reference.
func (s *Store) ForgetCard(ctx context.Context, c bot.Conversation, ref bot.MessageRef) error {
	return s.withBudget(ctx, "forget a posted card", func(ctx context.Context) error {
		return s.changeCards(ctx, c, cardHead(ref), "")
	})
}

func (s *Store) changeCards(ctx context.Context, c bot.Conversation, head, entry string) error {
	return cardScript.Run(ctx, s.client, []string{s.keys.of(c).cards}, head, entry, bot.MaxPostedCards,
		int(cardsFor.Seconds())).Err()
}

// decodeCards reads the value that card.lua writes: "<length>:<entry>" of each card, the newest first.
func decodeCards(value string) (cards []bot.PostedCard) {
	for _, entry := range lengthed(value) {
		if card, ok := decodeCard(entry); ok && len(cards) < bot.MaxPostedCards {
			cards = append(cards, card)
		}
	}
	return cards
}

// lengthed reads a value that is "<length>:<entry>" of each entry, up to what cannot be read.
func lengthed(value string) (entries []string) {
	for {
		digits, rest, _ := strings.Cut(value, ":")
		n, err := strconv.ParseUint(digits, 10, 20)
		if err != nil || int(n) > len(rest) {
			return entries
		}
		entries, value = append(entries, rest[:n]), rest[n:]
	}
}

// encodeCard writes a card: "1 <length of the reference> <reference><generation> <language> <subject>". Behind the
// generation stands ".<sequence>" if that is not 0, and ">" and the generation of the meeting that the card leads to,
// if it leads to a later one.
func encodeCard(card bot.PostedCard) string {
	generation := strconv.Itoa(card.Generation)
	if card.Sequence != 0 {
		generation += "." + strconv.Itoa(card.Sequence)
	}
	if card.LeadsTo != 0 {
		generation += ">" + strconv.Itoa(card.LeadsTo)
	}
	return cardHead(card.Ref) + generation + " " + string(card.Language) + " " + card.Subject
}

// cardHead is the part of an entry that tells which card it is.
func cardHead(ref bot.MessageRef) string { return "1 " + strconv.Itoa(len(ref)) + " " + string(ref) }

// decodeCard reads an entry. It returns false for what is no card of a meeting.
func decodeCard(entry string) (bot.PostedCard, bool) {
	text, ok := strings.CutPrefix(entry, "1 ")
	digits, text, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > len(text) {
		return bot.PostedCard{}, false
	}
	card := bot.PostedCard{Ref: bot.MessageRef(text[:n])}
	parts := strings.SplitN(text[n:], " ", 3)
	if len(parts) != 3 {
		return bot.PostedCard{}, false
	}
	generation, leadsTo, leads := strings.Cut(parts[0], ">")
	if leads {
		if card.LeadsTo, err = strconv.Atoi(leadsTo); err != nil || card.LeadsTo < 1 {
			return bot.PostedCard{}, false
		}
	}
	generation, sequence, changed := strings.Cut(generation, ".")
	if changed {
		if card.Sequence, err = strconv.Atoi(sequence); err != nil || card.Sequence < 1 {
			return bot.PostedCard{}, false
		}
	}
	card.Generation, err = strconv.Atoi(generation)
	card.Language, card.Subject = bot.Language(parts[1]), parts[2]
	return card, err == nil && card.Generation > 0 && encodeCard(card) == entry
}
