// SPDX-License-Identifier: MIT
// Answers for EventBridge's open engine. A line is a pattern, a tab and an event; in both texts a backslash stands
// before what a line cannot hold: \t, \n, \r, \\. The answer is a line: 1, 0, E (no pattern) or N (no event); ! behind it
// where the engine, asked in the plain way, says the opposite; * behind it where $or makes more than 1000 branches.
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.Patterns;

public class Oracle {
    private static final int MANY = 1000;

    private static String unescape(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                c = text.charAt(++i);
                c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
            }
            plain.append(c);
        }
        return plain.toString();
    }

    // Without its known faults the engine would say this. Branches of $or have names of their own: under one name a branch
    // is dropped that shares a test on each path with an earlier one. And the finder is the older one: the newer loses
    // values of a name that stands twice, in an array and elsewhere.
    private static Machine rightly(String pattern, List<Map<String, List<Patterns>>> branches) throws IOException {
        Machine machine = Machine.builder().withStructuredMatching(false).build();
        for (int i = 0; i < branches.size(); i++) {
            machine.addPatternRule("branch " + i, branches.get(i));
        }
        if (branches.isEmpty()) {
            machine.addRule("rule", pattern);
        }
        return machine;
    }

    // None, if $or is no operator in it, but an ordinary name.
    private static List<Map<String, List<Patterns>>> branches(String pattern) {
        try {
            return JsonRuleCompiler.compile(pattern);
        } catch (IOException e) {
            return List.of();
        }
    }

    private static String answer(String pattern, String event) {
        Machine machine = Machine.builder().build();
        List<Map<String, List<Patterns>>> branches;
        Machine rightly;
        try {
            machine.addRule("rule", pattern);
            branches = branches(pattern);
            rightly = rightly(pattern, branches);
        } catch (Exception e) {
            return "E";
        }
        try {
            boolean plain = !machine.rulesForJSONEvent(event).isEmpty();
            boolean right = !rightly.rulesForJSONEvent(event).isEmpty();
            return (right ? "1" : "0") + (right == plain ? "" : "!") + (branches.size() > MANY ? "*" : "");
        } catch (Exception e) {
            return "N";
        }
    }

    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        PrintWriter out = new PrintWriter(new BufferedWriter(new OutputStreamWriter(System.out, UTF_8)));
        for (String line; (line = in.readLine()) != null; ) {
            int tab = line.indexOf('\t');
            out.println(answer(unescape(line.substring(0, tab)), unescape(line.substring(tab + 1))));
            if (!in.ready()) {      // whoever asks one question at a time waits for its answer
                out.flush();
            }
        }
        out.flush();
    }
}
