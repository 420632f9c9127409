/* Random numbers by Philox4x64-10: a bijection of the counter, keyed. */
#include "statistics/statistics.h"

enum { ROUNDS = 10, HALVES = 8 };

static uint64_t read_le(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

void random_init(struct random *random, const uint8_t seed[RANDOM_SEED], uint64_t stream)
{
    *random = (struct random){
        .key = {read_le(seed), read_le(seed + 8)},
        .counter = {0, stream, read_le(seed + 16), read_le(seed + 24)},
        .taken = HALVES,
    };
}

static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *high)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
}

static void next_block(struct random *random)
{
    uint64_t key[2] = {random->key[0], random->key[1]};
    uint64_t x0 = random->counter[0], x1 = random->counter[1], x2 = random->counter[2], x3 = random->counter[3];
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t high0, high1;
        uint64_t low0 = multiply(0xD2E7470EE14C6C93u, x0, &high0);
        uint64_t low1 = multiply(0xCA5A826395121157u, x2, &high1);
        x0 = high1 ^ x1 ^ key[0];
        x2 = high0 ^ x3 ^ key[1];
        x1 = low1;
        x3 = low0;
        key[0] += 0x9E3779B97F4A7C15u;
        key[1] += 0xBB67AE8584CAA73Bu;
    }
    random->block[0] = x0;
    random->block[1] = x1;
    random->block[2] = x2;
    random->block[3] = x3;
    random->counter[0]++;
    random->taken = 0;
}

uint64_t random_bits(struct random *random)
{
    random->taken += random->taken & 1; /* a whole word */
    if (random->taken >= HALVES)
        next_block(random);
    uint64_t word = random->block[random->taken / 2];
    random->taken += 2;
    return word;
}

static uint32_t random_half(struct random *random)
{
    if (random->taken >= HALVES)
        next_block(random);
    uint64_t word = random->block[random->taken / 2];
    return (uint32_t)(random->taken++ & 1 ? word >> 32 : word);
}

/* Lemire 2019, Fast random integer generation in an interval: the high half of a product, without the low products that
 * some values would have once too often. */
uint32_t random_below(struct random *random, uint32_t limit)
{
    uint64_t product = (uint64_t)random_half(random) * limit;
    if ((uint32_t)product < limit) {
        uint32_t surplus = -limit % limit;
        while ((uint32_t)product < surplus)
            product = (uint64_t)random_half(random) * limit;
    }
    return (uint32_t)(product >> 32);
}

double random_unit(struct random *random)
{
    return (double)(random_bits(random) >> 11) * 0x1p-53;
}

static uint64_t mode_of(uint64_t total, uint64_t marked, uint64_t drawn, uint64_t least, uint64_t most)
{
    double mode = ((double)drawn + 1) * ((double)marked + 1) / ((double)total + 2);
    uint64_t whole = (uint64_t)mode;
    return whole < least ? least : whole > most ? most : whole;
}

uint64_t random_hypergeometric(struct random *random, uint64_t total, uint64_t marked, uint64_t drawn)
{
    uint64_t least = drawn > total - marked ? drawn - (total - marked) : 0;
    uint64_t most = drawn < marked ? drawn : marked;
    if (least == most)
        return least;
    uint64_t mode = mode_of(total, marked, drawn, least, most), up = mode, down = mode;
    double p = (double)drawn / (double)total;
    double peak = binomial_mass(mode, marked, p) * binomial_mass(drawn - mode, total - marked, p) /
                  binomial_mass(drawn, total, p);
    double left = random_unit(random) - peak, above = peak, below = peak;
    while (left >= 0 && (up < most || down > least)) {
        if (up < most) {
            above *= (double)(marked - up) * (double)(drawn - up) /
                     ((double)(up + 1) * (double)(total - marked - drawn + up + 1));
            up++;
            left -= above;
            if (left < 0)
                return up;
        }
        if (down > least) {
            below *= (double)down * (double)(total - marked - drawn + down) /
                     ((double)(marked - down + 1) * (double)(drawn - down + 1));
            down--;
            left -= below;
            if (left < 0)
                return down;
        }
        if (above + below < 0x1p-60 * peak)
            break; /* what rounding left over */
    }
    return mode;
}
