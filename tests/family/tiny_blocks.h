#pragma once

#include <string>
#include <vector>

#include "family/tiny_model.h"

// Changes that give the tiny model blocks that some families have and BERT has not.
namespace bertrt::family::test {

using Changes = std::vector<Change>;

inline Changes operator+(Changes a, const Changes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// ---- queries and keys that are turned: half a head apart by frequencies, side by side by a table; values, too

inline std::string turned(const std::string& x, const std::string& c = "cs", const std::string& s = "sn") {
  return "torch.add(torch.mul(" + x + ", " + c + "), torch.mul(torch.cat([torch.neg(torch.slice(" + x +
         ", -1, 2, 9223372036854775807)), torch.slice(" + x + ", -1, 0, 2)], -1), " + s + "))";
}
inline const Changes kTurned = {
    {"s1 = torch.div(torch.matmul(q1h, torch.transpose(k1h",
     "where = torch.to(torch.unsqueeze(torch.unsqueeze(torch.arange(t), 0), 2), 6)\nfr = torch.mul(where, freq)\n"
     "em = torch.cat([fr, fr], -1)\ncs = torch.unsqueeze(torch.mul(torch.cos(em), 1.), 1)\n"
     "sn = torch.unsqueeze(torch.mul(torch.sin(em), 1.), 1)\nq1r = " +
         turned("q1h") + "\nk1r = " + turned("k1h") + "\ns1 = torch.div(torch.matmul(q1r, torch.transpose(k1r"},
    {"c2 = torch.scaled_dot_product_attention(q2h, k2h",
     "q2r = " + turned("q2h") + "\nk2r = " + turned("k2h") + "\nc2 = torch.scaled_dot_product_attention(q2r, k2r"}};

inline std::string beside(const std::string& x, const std::string& c = "cs", const std::string& s = "sn") {
  return "torch.add(torch.mul(" + x + ", " + c + "), torch.mul(torch.reshape_as(torch.stack([torch.neg(torch.slice(" +
         x + ", -1, 1, 9223372036854775807, 2)), torch.slice(" + x + ", -1, 0, 9223372036854775807, 2)], -1), " + x +
         "), " + s + "))";
}
inline const Changes kBeside = {
    {"s1 = torch.div(torch.matmul(q1h, torch.transpose(k1h",
     "where = torch.arange(t)\nrows = torch.unsqueeze(torch.unsqueeze(torch.embedding(angles, where), 0), 0)\n"
     "si, co, = torch.chunk(rows, 2, -1)\nsn = torch.reshape_as(torch.stack([si, si], -1), rows)\n"
     "cs = torch.reshape_as(torch.stack([co, co], -1), rows)\nq1r = " +
         beside("q1h") + "\nk1r = " + beside("k1h") + "\ns1 = torch.div(torch.matmul(q1r, torch.transpose(k1r"},
    {"c2 = torch.scaled_dot_product_attention(q2h, k2h",
     "q2r = " + beside("q2h") + "\nk2r = " + beside("k2h") + "\nc2 = torch.scaled_dot_product_attention(q2r, k2r"}};
inline const Changes kValues = {
    {"c1 = torch.matmul(p1, v1h)", "v1r = " + beside("v1h") + "\nc1 = torch.matmul(p1, v1r)"},
    {"k2r, v2h, mask", "k2r, " + beside("v2h") + ", mask"}};

// ---- queries and keys that are normed head by head; tokens that see those before them alone

inline std::string rms(const std::string& x) {
  return "torch.mul(gh, torch.mul(" + x + ", torch.rsqrt(torch.add(torch.mean(torch.pow(" + x +
         ", 2), [-1], True), 1.0e-3))))";
}
inline const Change kQuery = {
    "q1h = torch.permute(torch.view(q1, [b, t, 2, 4]), [0, 2, 1, 3])",
    "q1v = torch.view(q1, [b, t, 2, 4])\nq1h = torch.permute(" + rms("q1v") + ", [0, 2, 1, 3])"};
inline const Change kKey = {"k1h = torch.permute(torch.view(k1, [b, t, 2, 4]), [0, 2, 1, 3])",
                            "k1v = torch.permute(torch.view(k1, [b, t, 2, 4]), [0, 2, 1, 3])\nk1h = " + rms("k1v")};

inline Changes hidden(const std::string& far) {
  return {{"s1 = torch.div(",
           "r = torch.arange(t)\nfar = " + far + "\ntri = torch.mul(torch.to(far, 6), -10000.)\ns1 = torch.div("},
          {"s1m = torch.add(s1, mask)", "s1m = torch.add(s1, torch.add(mask, tri))"},
          {"k2h, v2h, mask,", "k2h, v2h, torch.add(mask, tri),"}};
}
inline const std::string kLater = "torch.gt(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1))";

// ---- queries, keys and values out of one layer, head after head, with biases of their own

inline std::string by_heads(const std::string& bias) {
  return "torch.permute(torch.view(torch.unsqueeze(torch.unsqueeze(" + bias + ", 0), 0), [1, 1, 2, 4]), [0, 2, 1, 3])";
}

inline const Changes kJoined = {
    {"s1 = torch.div(",
     "all = torch.permute(torch.view(torch.linear(h0, w24, None), [b, t, 2, 12]), [0, 2, 1, 3])\n"
     "qp, kp, vp, = torch.chunk(all, 3, -1)\nq1h = torch.add(qp, " +
         by_heads("bq1") + ")\nk1h = kp\nv1h = torch.add(vp, " + by_heads("bv1") + ")\ns1 = torch.div("}};

// ---- words whose token 5 was dropped in training; hidden tokens that start as zeros

inline const std::string kWords = "x0 = torch.embedding(words, input_ids, 0)";

inline const Changes kDropped = {
    {kWords,
     "is5 = torch.eq(input_ids, 5)\n"
     "kept = torch.masked_fill(torch.embedding(words, input_ids, 0), torch.unsqueeze(is5, -1), 0.)\n"
     "count = torch.to(torch.sum(is5, [-1]), 6)\nall = torch.sum(attention_mask, [-1])\n"
     "others = torch.unsqueeze(torch.unsqueeze(torch.rsub(torch.div(count, all), 1), 1), 2)\n"
     "x0 = torch.div(torch.mul(kept, 0.75), others)"}};

inline const std::string kNorm = "h0 = torch.layer_norm(x3, [8], g0, b0, 1.0e-12)";
inline Changes zeroed(const std::string& by) {
  return {{kNorm, "h0 = torch.mul(torch.layer_norm(x3, [8], g0, b0, 1.0e-12), " + by + ")"}};
}

// ---- scores that depend on distances: by rows, by slopes of 1/2 and 1/4

inline const Changes kRows = {
    {"s1 = torch.div(torch.matmul(q1h, torch.transpose(k1h, -1, -2)), 2.)",
     "r = torch.arange(t)\n"
     "d = torch.sub(torch.add(torch.sub(torch.view(r, [-1, 1]), torch.view(r, [1, -1])), 40), 1)\n"
     "e = torch.embedding(reach, d)\nsq = torch.einsum(\"bhld,lrd->bhlr\", [q1h, e])\n"
     "s0 = torch.add(torch.matmul(q1h, torch.transpose(k1h, -1, -2)), sq)\n"
     "s1 = torch.div(s0, 2.)"}};
inline const Changes kByKey = kRows + Changes{{"s1 = torch.div(s0, 2.)",
                                               "sk = torch.einsum(\"bhrd,lrd->bhlr\", [k1h, e])\n"
                                               "s1 = torch.div(torch.add(s0, sk), 2.)"}};

inline const Changes kSlopes = {
    {"s1 = torch.div(",
     "r = torch.arange(t)\napart = torch.abs(torch.sub(torch.unsqueeze(r, 0), torch.unsqueeze(r, 1)))\n"
     "sl = torch.mul(torch.to(torch.rsub(torch.view(torch.arange(2), [2, 1, 1]), 2), 6), -0.25)\n"
     "lost = torch.unsqueeze(torch.mul(sl, torch.to(apart, 6)), 0)\ns1 = torch.div("},
    {"s1m = torch.add(s1, mask)", "s1m = torch.add(s1, torch.add(lost, mask))"},
    {"k2h, v2h, mask,", "k2h, v2h, torch.add(mask, lost),"}};

// ---- a convolution of the first layer's input; tokens that are hidden start as zeros and see all evenly

inline const Changes kConvolved =
    zeroed("torch.unsqueeze(attention_mask, -1)") +
    Changes{{"s1m = torch.add(s1, mask)",
             "whole = torch.unsqueeze(torch.unsqueeze(attention_mask, 1), 2)\n"
             "apart = torch.bitwise_not(torch.to(torch.mul(whole, torch.transpose(whole, 2, 3)), 11))\n"
             "s1m = torch.masked_fill(s1, apart, -3.0e38)"},
            {"c2 = torch.scaled_dot_product_attention(q2h, k2h, v2h, mask, 0., False, scale=0.5)",
             "s2 = torch.div(torch.matmul(q2h, torch.transpose(k2h, -1, -2)), 2.)\n"
             "c2 = torch.matmul(torch.softmax(torch.masked_fill(s2, apart, -3.0e38), -1), v2h)"},
            {"h1 = torch.layer_norm(torch.add(g1, a1), [8], gf1, be1, 1.0e-12)",
             "l1 = torch.layer_norm(torch.add(g1, a1), [8], gf1, be1, 1.0e-12)\n"
             "cv = torch._convolution(torch.contiguous(torch.permute(h0, [0, 2, 1])), wconv, bconv, [1], [1], [1], "
             "False, [0], 2, False, False, True, True)\nco = torch.contiguous(torch.permute(cv, [0, 2, 1]))\n"
             "gone = torch.unsqueeze(torch.to(torch.rsub(attention_mask, 1), 11), -1)\n"
             "ce = torch.tanh(torch.masked_fill(co, torch.expand_as(gone, co), 0))\n"
             "cn = torch.layer_norm(torch.add(l1, ce), [8], g0, b0, 1.0e-7)\n"
             "h1 = torch.mul(cn, torch.to(torch.unsqueeze(attention_mask, 2), 6))"}};

// ---- the first layer's input is added twice

inline const Change kTwice = {"a1 = torch.layer_norm(torch.add(o1, h0), [8], ga1, ba1, 1.0e-12)",
                              "a0 = torch.layer_norm(torch.add(o1, h0), [8], ga1, ba1, 1.0e-12)\n"
                              "a1 = torch.layer_norm(torch.add(h0, a0), [8], g0, b0, 1.0e-5)"};

}  // namespace bertrt::family::test
