// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Testing

@Suite("Rules for base images")
struct BaseRuleTests {
    static let table: [(rule: String, base: String, platform: String, image: String?)] = [
        ("alpine=registry.example/alpine", "alpine:3.20", "linux/arm64", "registry.example/alpine:3.20"),
        ("alpine=registry.example/alpine", "alpine", "linux/arm64", "registry.example/alpine:latest"),
        ("alpine=registry.example/alpine:mine", "alpine:3.20", "linux/arm64", "registry.example/alpine:mine"),
        ("docker.io/library/alpine=other", "docker.io/library/alpine:1", "linux/arm64", "other:1"),
        ("docker.io/me/app=other", "me/app:1", "linux/arm64", "other:1"),
        ("alpine:3.*={dockerlib}/alpine:3.*", "alpine:3.7", "linux/arm/v6", "arm32v6/alpine:3.7"),
        ("alpine:3.*={dockerlib}/alpine:3.*", "alpine:edge", "linux/arm/v6", nil),
        ("*:*={dockerlib}/*:*", "python:3.12-slim", "linux/arm64", "arm64v8/python:3.12-slim"),
        ("*:*={dockerlib}/*:*", "me/python:3.12", "linux/arm64", nil),
        (
            "registry.example/*/app=other.example/*/app", "registry.example/me/app:2", "linux/386",
            "other.example/me/app:2"
        ),
        (
            "debian:*=registry.example/debian:{debian}-*", "debian:12", "linux/arm/v7",
            "registry.example/debian:armhf-12"
        ),
        // Debian has no port for it: the rule has nothing to say.
        ("debian:*=registry.example/debian:{debian}-*", "debian:12", "linux/arm/v6", nil),
        ("a=b-{architecture}{variant}", "a:1", "linux/arm/v6", "b-armv6:1"),
        ("a::linux/arm/v6=b", "a:1", "linux/arm/v6", "b:1"),
        ("a::linux/arm/v6=b", "a:1", "linux/arm/v7", nil),
        ("a:*::armv6l={alpine}/a:*", "a:1", "linux/arm/v6", "armhf/a:1"),
        ("a*b*c=x*y*", "a1b2c:3", "linux/386", "x1y2:3"),
        ("localhost:5000/a=b", "localhost:5000/a:7", "linux/386", "b:7"),
        ("alpine=b", "alpine@sha256:\(String(repeating: "0", count: 64))", "linux/386", nil),
    ]

    @Test("a rule says which image stands for which", arguments: table)
    func image(_ rule: String, _ base: String, _ platform: String, _ image: String?) throws {
        #expect(try BaseRule(rule).image(for: Reference(base), on: Platform(platform)) == image)
    }

    @Test(
        "what is no rule is an error that says why",
        arguments: [
            ("alpine", "no equals sign"), ("=a", "the base's name is missing"), ("a=", "the image for it is missing"),
            ("a=b:{debain}", "no placeholder {debain}"), ("a=b{", "no partner"), ("a=*", "more stars"),
            ("a::banana=b", "unknown platform"),
        ])
    func mistakes(_ text: String, _ reason: String) {
        let error = #expect(throws: OCIError.self) { try BaseRule(text) }
        #expect(error?.description.contains(reason) == true)
    }

    @Test(
        "rules made ready do what scripts of earlier years did",
        arguments: [
            ("docker-library", "alpine:3.7", "linux/arm/v6", "arm32v6/alpine:3.7"),
            ("multiarch", "alpine:edge", "linux/arm/v6", "multiarch/alpine:armhf-edge"),
            ("multiarch", "alpine:edge", "linux/arm64", "multiarch/alpine:aarch64-edge"),
            ("multiarch", "alpine:3.9", "linux/arm64", "multiarch/alpine:aarch64-v3.9"),
            ("multiarch", "ubuntu:bionic", "linux/arm64", "multiarch/ubuntu-debootstrap:arm64-bionic"),
            ("multiarch", "debian:stretch", "linux/arm/v7", "multiarch/debian-debootstrap:armhf-stretch"),
        ])
    func presets(_ name: String, _ base: String, _ platform: String, _ image: String) throws {
        let rules = try #require(BaseRule.preset(name))
        let (base, platform) = (try Reference(base), try Platform(platform))
        #expect(rules.lazy.compactMap { $0.image(for: base, on: platform) }.first == image)
    }

    @Test("every preset is there, whole")
    func wholePresets() {
        #expect(BaseRule.presets.compactMap { BaseRule.preset($0)?.count } == [1, 5])
        #expect(BaseRule.preset("docker") == nil)
    }
}
