-- Sends one body again and again, and prints what wrk measured as a line of JSON.
--
--     wrk --script post.lua URL -- BODY_FILE [MILLISECONDS]
--
-- With milliseconds, each connection waits so long after an answer before it asks again.

function init(arguments)
    wrk.method = "POST"
    wrk.headers["content-type"] = "application/json"
    wrk.body = io.open(arguments[1]):read("*a")
    local pause = tonumber(arguments[2])
    if pause then
        function delay() return pause end
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    print(string.format(
        '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "p999_ms": %f, "errors": %d}',
        summary.requests, summary.duration / 1e6,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
