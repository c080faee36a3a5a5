// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import OCI
import Testing

@Suite struct QuietDisplayTests {
    @Test("tells warnings and nothing else")
    func warnings() throws {
        var show = Rehearsal(QuietDisplay())
        show.start(Steps.make)
        show.print("text\n", by: Steps.make)
        show.send(.warning(BuildWarning("old\nthing")))
        show.send(.warning(BuildWarning("odd", line: 2)))
        show.finish(Steps.make, .failed("exit code 1"))
        show.send(.completed(try Steps.summary()))
        #expect(show.refresh() + show.end() == "")
        #expect(show.text == "warning: old thing\nwarning: line 2: odd\n")
    }
}

@Suite struct JSONDisplayTests {
    @Test("writes one object on each line")
    func golden() throws {
        var show = Rehearsal(JSONDisplay(at: Rehearsal.beginning, secondsSince1970: 1_700_000_000.25))
        show.send(.planned(stepCount: 2))
        show.start(Steps.make)
        show.wait(1500)
        show.print("a \"b\"\nc", by: Steps.make, to: .stderr)
        show.finish(Steps.make, .failed("exit code 2"))
        show.start(Steps.context)
        for completed in [1, 2, 3] as [Int64] {
            show.send(.progressed(step: 1, completed: completed, total: nil))
            show.wait(200)
        }
        show.finish(Steps.context, .cached)
        show.send(.warning(BuildWarning("odd", line: 2)))
        show.send(.completed(try Steps.summary()))
        let amd64 = String(repeating: "0a", count: 32)
        let arm = String(repeating: "1b", count: 32)
        let index = String(repeating: "2c", count: 32)
        let images =
            #"{"digest":"sha256:\#(amd64)","platform":"linux/amd64","size":4560000},"#
            + #"{"digest":"sha256:\#(arm)","platform":"linux/arm/v7","size":999}"#
        #expect(
            show.text.split(separator: "\n").map(String.init) == [
                #"{"event":"planned","steps":2,"time":"2023-11-14T22:13:20.250Z"}"#,
                #"{"count":5,"event":"started","firstLine":7,"lastLine":7,"number":2,"platforms":["linux/arm64"],"#
                    + #""stage":"build","step":3,"time":"2023-11-14T22:13:20.250Z","title":"RUN make"}"#,
                #"{"event":"output","platforms":["linux/arm64"],"step":3,"stream":"stderr","text":"a \"b\"","#
                    + #""time":"2023-11-14T22:13:21.750Z"}"#,
                #"{"event":"output","platforms":["linux/arm64"],"step":3,"stream":"stderr","text":"c","#
                    + #""time":"2023-11-14T22:13:21.750Z"}"#,
                #"{"event":"finished","message":"exit code 2","outcome":"failed","platforms":["linux/arm64"],"#
                    + #""seconds":1.5,"step":3,"time":"2023-11-14T22:13:21.750Z"}"#,
                #"{"event":"started","platforms":[],"step":1,"time":"2023-11-14T22:13:21.750Z","#
                    + #""title":"load build context"}"#,
                #"{"completed":1,"event":"progressed","platforms":[],"step":1,"time":"2023-11-14T22:13:21.750Z"}"#,
                #"{"completed":3,"event":"progressed","platforms":[],"step":1,"time":"2023-11-14T22:13:22.150Z"}"#,
                #"{"completed":3,"event":"finished","outcome":"cached","platforms":[],"seconds":0.6,"step":1,"#
                    + #""time":"2023-11-14T22:13:22.350Z"}"#,
                #"{"event":"warning","firstLine":2,"message":"odd","time":"2023-11-14T22:13:22.350Z"}"#,
                #"{"digest":"sha256:\#(index)","event":"completed","images":[\#(images)],"#
                    + #""names":["127.0.0.1:5000/demo:1"],"time":"2023-11-14T22:13:22.350Z"}"#,
            ])
    }
}
