/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash of a name in the index of a directory: the kernel's fs/ext4/hash.c.
 * Bytes are taken as signed or as unsigned characters, as on the machine that
 * made the file system.
 */
#include "spank/server/ext/hash.h"

enum version { LEGACY, HALF_MD4, TEA, VERSIONS };

/* One step after the last hash that a name can have. */
#define HASH_END 0xfffffffe

static int character(const char *name, size_t i, bool is_unsigned)
{
	return is_unsigned ? (unsigned char)name[i] : (signed char)name[i];
}

static uint32_t legacy(const char *name, size_t length, bool is_unsigned)
{
	uint32_t hash, last = 0x12a3fe2d, before = 0x37abe8f9;
	size_t i;

	for (i = 0; i < length; i++) {
		hash = before +
		       (last ^ (uint32_t)character(name, i, is_unsigned) *
				       7152373U);
		if (hash & 0x80000000)
			hash -= 0x7fffffff;
		before = last;
		last = hash;
	}
	return last << 1;
}

/* The next `count` words of a name, padded with its length. */
static void take_words(const char *name, size_t length, bool is_unsigned,
	uint32_t *words, size_t count)
{
	uint32_t pad = (uint32_t)(length & 0xff) * 0x01010101, value = pad;
	size_t i, at = 0;

	if (length > count * 4)
		length = count * 4;
	for (i = 0; i < length; i++) {
		value = (uint32_t)character(name, i, is_unsigned) +
			(value << 8);
		if (i % 4 == 3) {
			words[at++] = value;
			value = pad;
		}
	}
	for (; at < count; value = pad)
		words[at++] = value;
}

static uint32_t rotate(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (32 - bits);
}

static uint32_t mix(unsigned int round, uint32_t x, uint32_t y, uint32_t z)
{
	if (round == 0)
		return z ^ (x & (y ^ z));
	if (round == 1)
		return (x & y) + ((x ^ y) & z);
	return x ^ y ^ z;
}

/* Three rounds of MD4, of eight steps each. */
static void half_md4(uint32_t state[4], const uint32_t in[8])
{
	static const unsigned char order[3][8] = { { 0, 1, 2, 3, 4, 5, 6, 7 },
		{ 1, 3, 5, 7, 0, 2, 4, 6 }, { 3, 7, 2, 6, 1, 5, 0, 4 } };
	static const unsigned char bits[3][4] = { { 3, 7, 11, 19 },
		{ 3, 5, 9, 13 }, { 3, 9, 11, 15 } };
	static const uint32_t added[3] = { 0, 013240474631, 015666365641 };
	uint32_t s[4] = { state[0], state[1], state[2], state[3] };
	unsigned int round, step, a;

	for (round = 0; round < 3; round++)
		for (step = 0; step < 8; step++) {
			a = (4 - step % 4) % 4;
			s[a] += mix(round, s[(a + 1) % 4], s[(a + 2) % 4],
					s[(a + 3) % 4]) +
				in[order[round][step]] + added[round];
			s[a] = rotate(s[a], bits[round][step % 4]);
		}
	for (a = 0; a < 4; a++)
		state[a] += s[a];
}

static void tea(uint32_t state[4], const uint32_t in[4])
{
	uint32_t sum = 0, a = state[0], b = state[1];
	int i;

	for (i = 0; i < 16; i++) {
		sum += 0x9e3779b9;
		a += ((b << 4) + in[0]) ^ (b + sum) ^ ((b >> 5) + in[1]);
		b += ((a << 4) + in[2]) ^ (a + sum) ^ ((a >> 5) + in[3]);
	}
	state[0] += a;
	state[1] += b;
}

static uint32_t hash_in_steps(enum version version, bool is_unsigned,
	const uint32_t seed[4], const char *name, size_t length)
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	size_t words = version == TEA ? 4 : 8, step = words * 4, done;
	uint32_t in[8];

	if (seed[0] || seed[1] || seed[2] || seed[3])
		memcpy(state, seed, sizeof(state));
	for (done = 0; done < length; done += step) {
		take_words(name + done, length - done, is_unsigned, in, words);
		if (version == TEA)
			tea(state, in);
		else
			half_md4(state, in);
	}
	return version == TEA ? state[0] : state[1];
}

int ext_hash(unsigned int version, const uint32_t seed[4], const char *name,
	size_t length, uint32_t *ret_hash)
{
	bool is_unsigned = version >= VERSIONS;
	uint32_t hash;

	if (version >= 2 * VERSIONS)
		return -1;
	version %= VERSIONS;
	if (version == LEGACY)
		hash = legacy(name, length, is_unsigned);
	else
		hash = hash_in_steps(version, is_unsigned, seed, name, length);
	hash &= ~1U;
	*ret_hash = hash == HASH_END ? HASH_END - 2 : hash;
	return 0;
}
