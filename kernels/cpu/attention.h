// Causal attention over a plan, in the arithmetic of the managed AttentionOp: an item's pages are read once for all queries that visit them; a visit to a
// range yields a state (output, maximum, sum; base 2) that is merged at once into the query's running state of the segment, and that, when the next segment
// begins, into the total. The first segment is the total itself. A query's items come in order of position, and nothing of its arithmetic depends on the
// queries that go through an item beside it. (Milakov and Gimelshein 2018; Dao et al. 2022)
#pragma once

#include <cstdint>
#include <limits>

#include "kernels.h"
#include "softmax.h"
#include "unroll.h"

namespace {

constexpr int kPageTokens = 16;
constexpr int kRangeKeys = 64;
constexpr int kRangePages = kRangeKeys / kPageTokens;
constexpr int kSegmentKeys = 512;
constexpr int kBlock = 6; // queries that go through an item together

template <class Lanes>
class Attention {
    using Floats = typename Lanes::Floats;
    static constexpr int kLanes = Lanes::kLanes;

    struct Query {
        const float* query;
        float* output;
        float* state;  // maximum, sum
        int visible;   // keys of the range that it may see
    };

    const AttentionWork& work_;
    const float* keys_[kRangePages];
    const float* values_[kRangePages];
    alignas(64) float scores_[kBlock][kRangeKeys];

public:
    explicit Attention(const AttentionWork& work) : work_(work) {}

    void run()
    {
        const int group = work_.heads / work_.kv_heads;
        for (int i = 0; i < work_.item_count; i++) {
            const AttentionItem& item = work_.items[i];
            for (int done = 0; done < item.key_count; done += kRangeKeys) run_range(item, item.first_key + done, min(kRangeKeys, item.key_count - done));
        }
        for (int row = work_.first_row; row < work_.end_row; row++)
            for (int g = 0; g < group; g++) finish(row, work_.kv_head * group + g);
    }

private:
    static int min(int a, int b) { return a < b ? a : b; }
    static int max(int a, int b) { return a > b ? a : b; }

    void run_range(const AttentionItem& item, int first_key, int key_count)
    {
        const int group = work_.heads / work_.kv_heads;
        const bool begins = first_key % kSegmentKeys == 0, later = first_key >= kSegmentKeys;
        bool located = false; // not for rows of other parts
        Query block[kBlock];
        int pending = 0;
        for (int m = 0; m < item.member_count; m++) {
            const AttentionMember& member = work_.members[item.first_member + m];
            const int first_to_see = member.first_row + max(0, first_key - member.first_position);
            const int end = min(member.first_row + member.row_count, work_.end_row);
            for (int row = max(first_to_see, work_.first_row); row < end; row++) {
                if (!located) locate(work_.pages + item.first_page + (first_key - item.first_key) / kPageTokens, key_count);
                located = true;
                const int position = member.first_position + row - member.first_row;
                for (int g = 0; g < group; g++) {
                    const int head = work_.kv_head * group + g;
                    if (begins) begin(row, head, later);
                    block[pending++] = query_of(row, head, min(key_count, position - first_key + 1), later);
                    if (pending < kBlock) continue;
                    visit<kBlock>(block, begins);
                    pending = 0;
                }
            }
        }
        switch (pending) {
            case 1: visit<1>(block, begins); break;
            case 2: visit<2>(block, begins); break;
            case 3: visit<3>(block, begins); break;
            case 4: visit<4>(block, begins); break;
            case 5: visit<5>(block, begins); break;
        }
    }

    int64_t index(int row, int head) const { return int64_t(row) * work_.heads + head; }
    float* output_of(int row, int head, bool later) const { return (later ? work_.later : work_.output) + index(row, head) * work_.head_dim; }
    float* state_of(int row, int head, bool later) const { return work_.state + index(row, head) * 4 + (later ? 2 : 0); }

    Query query_of(int row, int head, int visible, bool later) const
    {
        return {work_.queries + index(row, head) * work_.head_dim, output_of(row, head, later), state_of(row, head, later), visible};
    }

    // A segment begins for this query: the one before is done with.
    void begin(int row, int head, bool later) const
    {
        if (later) close(row, head);
        else state_of(row, head, true)[1] = 0.f; // nothing waits there yet
    }

    // Merges the later segment that waits, if one does, into the total.
    void close(int row, int head) const
    {
        float* segment = state_of(row, head, true);
        if (segment[1] == 0.f) return;
        float kept, added;
        merge(state_of(row, head, false), segment[0], segment[1], kept, added);
        segment[1] = 0.f;
        float* total = output_of(row, head, false);
        const float* more = output_of(row, head, true);
        for (int d = 0; d < work_.head_dim; d += kLanes) merge_output(total + d, Lanes::load(more + d), kept, added);
    }

    void locate(const int32_t* pages, int key_count)
    {
        for (int p = 0; p * kPageTokens < key_count; p++) {
            const int64_t head = int64_t(pages[p]) * work_.kv_heads + work_.kv_head, elements = int64_t(kPageTokens) * work_.head_dim;
            if (work_.key_scales) {
                widen(head, elements, work_.widened + p * elements, work_.widened + (kRangePages + p) * elements);
                keys_[p] = work_.widened + p * elements;
                values_[p] = work_.widened + (kRangePages + p) * elements;
            } else {
                keys_[p] = static_cast<const float*>(work_.keys) + head * elements;
                values_[p] = static_cast<const float*>(work_.values) + head * elements;
            }
        }
    }

    // Keys and values of one head of one page, out of e4m3: once for all queries of the part.
    void widen(int64_t head, int64_t elements, float* keys, float* values) const
    {
        const auto* key = static_cast<const uint8_t*>(work_.keys) + head * elements;
        const auto* value = static_cast<const uint8_t*>(work_.values) + head * elements;
        const float *key_scales = work_.key_scales + head * kPageTokens, *value_scales = work_.value_scales + head * kPageTokens;
        for (int64_t i = 0; i < elements; i += kLanes) {
            Lanes::store(keys + i, Lanes::multiply(Lanes::e4m3(key + i), Lanes::load(key_scales + i % kPageTokens)));
            Lanes::store(values + i, Lanes::multiply(Lanes::e4m3(value + i), Lanes::broadcast(value_scales[i / work_.head_dim])));
        }
    }

    template <int Count>
    void visit(const Query* block, bool first)
    {
        int furthest = 0;
        CUDASEARCH_UNROLL for (int q = 0; q < Count; q++) furthest = max(furthest, block[q].visible);
        const int registers = (furthest + kLanes - 1) / kLanes;
        int at = 0;
        for (; at + Lanes::kStrip <= registers; at += Lanes::kStrip) score<Count, Lanes::kStrip>(block, at);
        for (; at < registers; at++) score<Count, 1>(block, at);

        float kept[Count], added[Count];
        CUDASEARCH_UNROLL for (int q = 0; q < Count; q++) exponentiate(scores_[q], block[q], registers, first, kept[q], added[q]);

        int d = 0;
        for (; d + Lanes::kStrip * kLanes <= work_.head_dim; d += Lanes::kStrip * kLanes)
            accumulate<Count, Lanes::kStrip>(block, d, furthest, kept, added);
        for (; d < work_.head_dim; d += kLanes) accumulate<Count, 1>(block, d, furthest, kept, added);
    }

    // scores[q][register `at` and on] = q · k * scale; every sum runs over the head's elements in order.
    template <int Count, int Strip>
    void score(const Query* block, int at)
    {
        constexpr int kPerPage = kPageTokens / kLanes;
        const float* key[Strip];
        CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) key[s] = keys_[(at + s) / kPerPage] + (at + s) % kPerPage * kLanes;
        Floats sum[Count][Strip];
        CUDASEARCH_UNROLL for (int q = 0; q < Count; q++)
            CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) sum[q][s] = Lanes::broadcast(0.f);
        for (int64_t d = 0; d < work_.head_dim; d++) {
            Floats k[Strip];
            CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) k[s] = Lanes::load(key[s] + d * kPageTokens);
            CUDASEARCH_UNROLL for (int q = 0; q < Count; q++) {
                const Floats x = Lanes::broadcast(block[q].query[d]);
                CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) sum[q][s] = Lanes::multiply_add(x, k[s], sum[q][s]);
            }
        }
        const Floats scale = Lanes::broadcast(work_.scale);
        CUDASEARCH_UNROLL for (int q = 0; q < Count; q++)
            CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) Lanes::store(scores_[q] + (at + s) * kLanes, Lanes::multiply(sum[q][s], scale));
    }

    // In place: scores become 2^(score - maximum), exactly 0 for keys that the query may not see. Then the running state takes them in.
    static void exponentiate(float* scores, const Query& query, int registers, bool first, float& kept, float& added)
    {
        const Floats hidden = Lanes::broadcast(-std::numeric_limits<float>::infinity());
        Floats largest = hidden;
        for (int i = 0; i < registers; i++)
            largest = Lanes::max(largest, Lanes::first(Lanes::load(scores + i * kLanes), query.visible - i * kLanes, hidden));
        const float maximum = Lanes::max_lane(largest);
        const Floats offset = Lanes::broadcast(maximum);
        Floats total = Lanes::broadcast(0.f);
        for (int i = 0; i < registers; i++) {
            Floats p = exp2<Lanes>(Lanes::subtract(Lanes::load(scores + i * kLanes), offset));
            p = Lanes::first(p, query.visible - i * kLanes, Lanes::broadcast(0.f));
            total = Lanes::add(total, p);
            Lanes::store(scores + i * kLanes, p);
        }
        const float sum = Lanes::sum(total);
        if (first) {
            query.state[0] = maximum;
            query.state[1] = sum;
            kept = 0.f;
            added = 1.f;
            return;
        }
        merge(query.state, maximum, sum, kept, added);
    }

    // state = state, then the keys of another one; what the two outputs are to be multiplied by.
    static void merge(float* state, float maximum, float sum, float& kept, float& added)
    {
        const float merged = state[0] > maximum ? state[0] : maximum;
        kept = exp2_of(state[0] - merged);
        added = exp2_of(maximum - merged);
        state[0] = merged;
        state[1] = state[1] * kept + sum * added;
    }

    static float exp2_of(float x) { return Lanes::max_lane(exp2<Lanes>(Lanes::broadcast(x))); }

    // output[d ..] = output[d ..] * kept + (Σ p v) * added; the sum runs over the keys in order. A fold that begins has nothing to keep: the
    // buffer then holds earlier numbers, which may be anything.
    template <int Count, int Strip>
    void accumulate(const Query* block, int d, int keys, const float* kept, const float* added)
    {
        Floats sum[Count][Strip];
        CUDASEARCH_UNROLL for (int q = 0; q < Count; q++)
            CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) sum[q][s] = Lanes::broadcast(0.f);
        for (int j = 0; j < keys; j++) {
            const float* value = values_[j / kPageTokens] + int64_t(j % kPageTokens) * work_.head_dim + d;
            Floats v[Strip];
            CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) v[s] = Lanes::load(value + s * kLanes);
            CUDASEARCH_UNROLL for (int q = 0; q < Count; q++) {
                const Floats p = Lanes::broadcast(scores_[q][j]);
                CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) sum[q][s] = Lanes::multiply_add(p, v[s], sum[q][s]);
            }
        }
        CUDASEARCH_UNROLL for (int q = 0; q < Count; q++)
            CUDASEARCH_UNROLL for (int s = 0; s < Strip; s++) merge_output(block[q].output + d + s * kLanes, sum[q][s], kept[q], added[q]);
    }

    static void merge_output(float* output, Floats more, float kept, float added)
    {
        Floats value = Lanes::multiply(more, Lanes::broadcast(added));
        if (kept != 0.f) value = Lanes::multiply_add(Lanes::load(output), Lanes::broadcast(kept), value);
        Lanes::store(output, value);
    }

    void finish(int row, int head) const
    {
        close(row, head);
        float* output = output_of(row, head, false);
        const Floats inverse = Lanes::broadcast(1.f / state_of(row, head, false)[1]);
        for (int d = 0; d < work_.head_dim; d += kLanes) Lanes::store(output + d, Lanes::multiply(Lanes::load(output + d), inverse));
    }
};

template <class Lanes>
void attend(const AttentionWork* work)
{
    Attention<Lanes>(*work).run();
}

}
