// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// An outside judge of documents: the validator of Debian's python3-jsonschema with the schemas of the specification.
public enum SchemaJudge {
    /// What it found.
    public struct Verdict: Sendable, CustomStringConvertible {
        /// The documents that it looked at.
        public let count: Int
        /// Those of them that are manifests of images.
        public let manifests: Int
        /// What is wrong, with the file.
        public let problems: [String]

        public var description: String {
            "\(count) documents, \(manifests) manifests\n" + problems.joined(separator: "\n")
        }
    }

    /// Judges every document of a layout: `oci-layout`, `index.json`, and all indexes, manifests and configs that this leads
    /// to. A blob that is missing is a problem, too.
    public static func layout(_ directory: FilePath) async throws -> Verdict {
        try await run("layout", directory.string)
    }

    /// Judges the specification's table of documents, where a verdict other than the table's is a problem.
    public static func cases() async throws -> Verdict { try await run("cases", "") }

    private static func run(_ what: String, _ place: String) async throws -> Verdict {
        guard let schemas = OCISchema.standard?.folder else { throw Unusable(words: "there are no schemas") }
        // Debian's own, whatever stands before it in PATH.
        let result = try await ChildProcess.run(
            "/usr/bin/python3", ["-c", script, "\(schemas)/oci-image-spec", what, place])
        var lines = result.output.split(separator: "\n").map(String.init)
        let counts = lines.popLast()?.split(separator: " ").compactMap { Int($0) } ?? []
        guard result.succeeded, counts.count == 2 else { throw Unusable(words: "\(result)") }
        return Verdict(count: counts[0], manifests: counts[1], problems: lines)
    }

    /// The validator failed.
    public struct Unusable: Error, CustomStringConvertible {
        let words: String
        public var description: String { words }
    }

    private static let script = #"""
        import datetime, json, os, re, sys
        import jsonschema

        folder, what, place = sys.argv[1:]
        def load(uri): return json.load(open(os.path.join(folder, "schema", os.path.basename(uri))))

        formats = jsonschema.FormatChecker(formats=[])
        @formats.checks("date-time", raises=ValueError)
        def is_time(text):
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text): return False
            datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
            return True
        @formats.checks("uri")
        def is_address(text): return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>{}|\\^`\"]*", text) is not None

        # The references between the schemas are to files beside them, whatever their ids make of that.
        resolvers = {"https": load, "http": load, "": load}
        def problems(document, name):
            schema = load(name)
            resolver = jsonschema.RefResolver(schema.get("id", ""), schema, handlers=resolvers)
            validator = jsonschema.Draft4Validator(schema, resolver=resolver, format_checker=formats)
            return ["%s: %s" % ("/".join(map(str, error.path)), error.message[:300])
                    for error in validator.iter_errors(document)]

        documents = manifests = 0
        def check(document, name, file):
            global documents
            documents += 1
            for problem in problems(document, name): print("%s: %s: %s" % (file, name, problem))

        if what == "cases":
            # Rules that no schema holds, and base64, which the validator leaves alone.
            beyond = ["needs to be lower for sha256", "Env is invalid", "invalid data base64"]
            for table in json.load(open(folder + "/schema_cases.json")).values():
                for row in table["cases"] if table.get("schema") else []:
                    if any(words in row["comment"] for words in beyond): continue
                    documents += 1
                    try: found = problems(json.loads(row["json"]), table["schema"])
                    except ValueError as error: found = [str(error)]
                    if bool(found) != row["fail"]: print("%s: %s" % (row["comment"], found))
        else:
            seen = set()
            def follow(descriptor):
                global manifests
                if descriptor["digest"] in seen: return
                seen.add(descriptor["digest"])
                file = os.path.join(place, "blobs", descriptor["digest"].replace(":", "/"))
                if not os.path.exists(file) or os.path.getsize(file) != descriptor["size"]:
                    print("%s is missing or has another size" % file)
                    return
                kind = descriptor["mediaType"]
                check(descriptor, "content-descriptor.json", file)
                if "index" in kind or "manifest.list" in kind:
                    index = json.load(open(file))
                    check(index, "image-index-schema.json", file)
                    if index.get("mediaType", kind) != kind: print("%s is no %s" % (file, kind))
                    for entry in index["manifests"]: follow(entry)
                elif "manifest" in kind:
                    manifest = json.load(open(file))
                    manifests += 1
                    check(manifest, "image-manifest-schema.json", file)
                    if manifest.get("mediaType", kind) != kind: print("%s is no %s" % (file, kind))
                    for entry in [manifest["config"]] + manifest["layers"]: follow(entry)
                elif kind in ("application/vnd.oci.image.config.v1+json",
                              "application/vnd.docker.container.image.v1+json"):
                    check(json.load(open(file)), "config-schema.json", file)
            check(json.load(open(place + "/oci-layout")), "image-layout-schema.json", "oci-layout")
            top = json.load(open(place + "/index.json"))
            check(top, "image-index-schema.json", "index.json")
            for entry in top["manifests"]: follow(entry)
        print(documents, manifests)
        """#
}
