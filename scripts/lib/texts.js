// Text in several languages and scripts, made of phrases.

const english = [
  "good morning everyone",
  "just setting up my relay",
  "does anybody else see this",
  "running a node at home is easier than it looks",
  "the weather by the lake is wonderful today",
  "coffee first, then code",
  "I think we should talk about privacy more often",
  "new release is out, please test",
  "here is a photo from the hike",
  "what are you reading these days?",
  "thank you all for the kind words",
  "that is exactly what I meant",
  "it works on my machine",
  "freedom of speech matters",
  "zapped! keep up the good work",
  "the conference was full of interesting people",
  "learning something new every day",
  'he said "never again" and did it anyway',
];

const others = [
  [
    "guten Morgen zusammen",
    "das Wetter ist heute schön",
    "ich verstehe das überhaupt nicht",
    "über den Bergen geht die Sonne auf",
  ],
  [
    "buenos días a todos",
    "el código está abierto para cualquiera",
    "mañana será otro día",
    "¿alguien puede ayudarme con esto?",
  ],
  ["bonjour à tous", "c'est déjà l'été ici", "où trouver un bon café à Genève ?", "ça marche très bien"],
  ["bom dia pessoal", "não sei o que dizer", "a comunidade está crescendo"],
  [
    "おはようございます",
    "今日はとても良い天気ですね",
    "ラーメンを食べました",
    "新しいリリースを試してください",
  ],
  ["早上好", "今天天气很好", "我们一起学习新的东西", "自由是最重要的"],
  ["안녕하세요 여러분", "오늘 날씨가 정말 좋네요", "새로운 버전이 나왔습니다"],
  ["доброе утро", "сегодня отличная погода", "кто-нибудь это пробовал?"],
  ["صباح الخير جميعا", "الحرية أهم من كل شيء", "شكرا لكم على الدعم"],
  ["สวัสดีตอนเช้า", "วันนี้อากาศดีมาก"],
  ["नमस्ते दोस्तों", "आज मौसम बहुत अच्छा है"],
];

const emoji = ["🤙", "🔥", "😂", "⚡", "🧡", "☕", "👀", "🫂", "🚀", "🌅", "👨‍👩‍👧", "🇨🇭"];
const hosts = ["image.example.com", "media.example.net", "video.example.org", "blog.example.io"];
const endings = ["jpg", "png", "webp", "mp4", "html"];

const wordStems = [
  "bitcoin",
  "nostr",
  "photography",
  "coffeechain",
  "art",
  "music",
  "plebchain",
  "introductions",
  "foodstr",
  "news",
  "lightning",
  "grownostr",
  "zap",
  "linux",
  "freedom",
  "travel",
  "cats",
  "dogs",
  "garden",
  "books",
  "science",
];

/** The topic of a rank: common words first, then numbered ones without end. */
export function topic(rank) {
  const stem = wordStems[rank % wordStems.length];
  return rank < wordStems.length ? stem : `${stem}${Math.floor(rank / wordStems.length)}`;
}

export function url(random) {
  return `https://${random.pick(hosts)}/${random.hex(random.between(4, 16))}.${random.pick(endings)}`;
}

export function emojiOf(random) {
  return random.pick(emoji);
}

/** A text of about so many characters, in one language. */
export function prose(random, length) {
  const phrases = random.chance(0.68) ? english : random.pick(others);
  let text = random.pick(phrases);
  while (text.length < length) {
    const kind = random.fraction();
    if (kind < 0.72) text += `${kind < 0.3 ? ". " : ", "}${random.pick(phrases)}`;
    else if (kind < 0.82) text += `\n\n${random.pick(phrases)}`;
    else if (kind < 0.92) text += ` ${emojiOf(random)}`;
    else text += ` ${url(random)}`;
  }
  return text;
}
