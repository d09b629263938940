// A graph of the shape of a large question-and-answer site, as N-Triples: users, questions with tags, answers, comments
// and votes in the proportions of Stack Overflow, which would be 1.7 billion such edges. Few users write most, few tags
// are on most questions, and what is new gets most of the attention. Nothing is held but how many there are of each.
import { Random } from "./random.js";

const node = "<http://qa.example/";
const property = "> <http://qa.example/v#";
const isA = "> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://qa.example/v#";
const wholeNumber = '"^^<http://www.w3.org/2001/XMLSchema#integer> .';
const moment = 'Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .';

/** Thousands of a kind where Stack Overflow has so many millions. */
const kinds = [
  ["vote", 240],
  ["comment", 90],
  ["answer", 36],
  ["question", 24],
  ["user", 22],
];
const kindsTotal = kinds.reduce((sum, [, weight]) => sum + weight, 0);
const tagsMax = 65_000;
const wordsMax = 30_000;
const firstDay = Date.UTC(2008, 6, 31);
const dayMs = 86_400_000;
/** Sixteen years for all that there is. */
const stepMsMax = 2400;

/** Lines of N-Triples without line breaks at their ends, several at a time; exactly so many in all. */
export function* graphLines({ count, seed = 1 }) {
  const site = new Site(seed);
  while (site.edges < count) {
    const lines = site.next();
    const excess = site.edges - count;
    yield excess > 0 ? lines.split("\n").slice(0, -excess).join("\n") : lines;
  }
}

class Site {
  edges = 0;
  #random;
  #users = 0;
  #questions = 0;
  #answers = 0;
  #comments = 0;
  #votes = 0;
  #ms = 0;
  #day = -1;
  #dayText = "";

  constructor(seed) {
    this.#random = new Random(seed);
    words ??= makeWords();
  }

  /** All edges of the next thing. */
  next() {
    if (this.#users === 0) return this.#user();
    if (this.#questions === 0) return this.#question();
    let left = this.#random.below(kindsTotal);
    const [kind] = kinds.find(([, weight]) => {
      left -= weight;
      return left < 0;
    });
    if (kind === "vote") return this.#vote();
    if (kind === "comment") return this.#comment();
    if (kind === "answer") return this.#answer();
    return kind === "question" ? this.#question() : this.#user();
  }

  #user() {
    const user = `${node}u/${++this.#users}`;
    this.edges += 4;
    return (
      `${user}${isA}User> .\n` +
      `${user}${property}name> "${this.#words(2)}" .\n` +
      `${user}${property}reputation> "${this.#random.rank(100_000) + 1}${wholeNumber}\n` +
      `${user}${property}created> "${this.#now()}${moment}`
    );
  }

  #question() {
    const question = `${node}q/${++this.#questions}`;
    let lines =
      `${question}${isA}Question> .\n` +
      `${question}${property}title> "${this.#words(this.#random.between(5, 11))}"@en .\n` +
      `${question}${property}owner> ${this.#author()}\n` +
      `${question}${property}score> "${this.#random.rank(3000)}${wholeNumber}\n` +
      `${question}${property}views> "${this.#random.rank(1_000_000)}${wholeNumber}\n` +
      `${question}${property}created> "${this.#now()}${moment}`;
    const tags = this.#random.between(1, 5);
    this.edges += 6 + tags;
    for (let number = 0; number < tags; number++) {
      lines += `\n${question}${property}tag> ${node}t/${this.#random.rank(tagsMax) + 1}> .`;
    }
    return lines;
  }

  #answer() {
    const answer = `${node}a/${++this.#answers}`;
    const question = `${node}q/${this.#recent(this.#questions)}`;
    let lines =
      `${answer}${isA}Answer> .\n` +
      `${answer}${property}parent> ${question}> .\n` +
      `${answer}${property}owner> ${this.#author()}\n` +
      `${answer}${property}score> "${this.#random.rank(3000)}${wholeNumber}\n` +
      `${answer}${property}created> "${this.#now()}${moment}`;
    this.edges += 5;
    if (this.#random.chance(0.34)) {
      lines += `\n${question}${property}accepted> ${answer}> .`;
      this.edges++;
    }
    return lines;
  }

  #comment() {
    const comment = `${node}c/${++this.#comments}`;
    this.edges += 5;
    return (
      `${comment}${isA}Comment> .\n` +
      `${comment}${property}post> ${this.#post()}\n` +
      `${comment}${property}owner> ${this.#author()}\n` +
      `${comment}${property}text> "${this.#words(this.#random.between(4, 16))}"@en .\n` +
      `${comment}${property}created> "${this.#now()}${moment}`
    );
  }

  #vote() {
    const vote = `${node}v/${++this.#votes}`;
    this.edges += 3;
    return (
      `${vote}${property}${this.#random.chance(0.12) ? "down" : "up"}> ${this.#post()}\n` +
      `${vote}${property}kind> "${this.#random.between(2, 15)}${wholeNumber}\n` +
      `${vote}${property}created> "${this.#now()}${moment}`
    );
  }

  #author() {
    const part = this.#random.fraction();
    return `${node}u/${1 + Math.floor(this.#users * part * part * Math.sqrt(part))}> .`;
  }

  #post() {
    const isAnswer = this.#answers > 0 && this.#random.chance(0.6);
    const count = isAnswer ? this.#answers : this.#questions;
    const part = this.#random.fraction();
    // Most look at what is new, some at what has long been known.
    const number = this.#random.chance(0.7)
      ? this.#recent(count)
      : 1 + Math.floor(count * part * part * Math.sqrt(part));
    return `${node}${isAnswer ? "a" : "q"}/${number}> .`;
  }

  #recent(count) {
    const part = this.#random.fraction();
    return count - Math.floor(count * part * part * part);
  }

  #words(count) {
    let text = words[this.#random.rank(wordsMax)];
    for (let number = 1; number < count; number++) text += ` ${words[this.#random.rank(wordsMax)]}`;
    return text;
  }

  #now() {
    this.#ms += this.#random.below(stepMsMax);
    const day = Math.floor(this.#ms / dayMs);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayText = new Date(firstDay + day * dayMs).toISOString().slice(0, 11);
    }
    const ms = this.#ms - day * dayMs;
    const seconds = Math.floor(ms / 1000);
    const minutes = Math.floor(seconds / 60);
    const [hour, minute] = [pairs[Math.floor(minutes / 60)], pairs[minutes % 60]];
    return `${this.#dayText}${hour}:${minute}:${pairs[seconds % 60]}.${String(ms % 1000).padStart(3, "0")}`;
  }
}

const pairs = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));

/** Words that nobody knows, of one to three syllables, the same for every seed. */
let words;

function makeWords() {
  const random = new Random(0);
  const [heads, tails] = [[..."bcdfghjklmnprstvwz"], ["a", "e", "i", "o", "u", "an", "er", "in", "or", "us"]];
  const made = new Set();
  while (made.size < wordsMax) {
    // The frequent ones are the short ones.
    const syllables = made.size < 100 ? 1 : made.size < 5000 ? 2 : 3;
    let word = "";
    for (let number = 0; number < syllables; number++) word += random.pick(heads) + random.pick(tails);
    made.add(word);
  }
  return [...made];
}
