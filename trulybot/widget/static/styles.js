// The panel's look. Colours of the shop come in as --accent and --on-accent; the rest is ours, in a light and a dark set.
export const STYLES = `
  dialog, .talk {
    --paper: #fdfcf9; --wash: #f2f0e9; --line: #dfdcd2; --ink: #22251f; --quiet: #5f645a; --marker: #ffe28a; --edge-of-field: #8b8f84;
  }
  @media (prefers-color-scheme: dark) {
    dialog, .talk {
      --paper: #1a1c19; --wash: #262925; --line: #393d37; --ink: #eceae3; --quiet: #a9ada1; --marker: #6b5410; --edge-of-field: #7d8278;
    }
  }
  * { box-sizing: border-box; margin: 0; padding: 0; font: inherit; letter-spacing: normal }
  [hidden] { display: none !important }
  .unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
  button { border: 1px solid transparent; background: none; color: inherit; cursor: pointer; text-align: start }
  ol, ul { list-style: none }
  dialog {
    position: fixed;
    inset: auto;
    inset-block-end: calc(var(--edge) + 72px);
    inset-inline-end: 20px;
    inline-size: min(400px, 100vw - 40px);
    block-size: min(680px, 100dvh - var(--edge) - 96px);
    max-inline-size: none;
    max-block-size: none;
    border: 1px solid var(--line);
    border-radius: 18px;
    overflow: hidden;
    background: var(--paper);
    color: var(--ink);
    box-shadow: 0 2px 6px #0001, 0 24px 64px #0003;
    overflow-wrap: anywhere;
    animation: rise 0.2s ease-out;
  }
  dialog :focus-visible { outline-color: var(--ink); box-shadow: 0 0 0 2px var(--paper) }
  dialog:focus { outline: none }
  dialog::backdrop { background: none }
  :host([position="start"]) dialog { inset-inline: 20px auto }
  @keyframes rise { from { opacity: 0; transform: translateY(12px) } }
  .talk, .source { display: flex; flex-direction: column; block-size: 100% }
  .source { position: absolute; inset: 0; background: var(--paper) }
  header { display: flex; gap: 8px; align-items: start; padding: 18px 20px 14px; padding-inline-end: 12px; border-block-end: 1px solid var(--line) }
  header > div, header > h3 { flex: 1 }
  h2 { font: 600 19px/1.3 "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "Noto Serif", serif }
  header p, small { color: var(--quiet); font-size: 13px; line-height: 1.4 }
  .plain { display: grid; place-items: center; flex: none; inline-size: 44px; block-size: 44px; margin-block: -8px; border-radius: 12px }
  .plain:hover { background: var(--wash) }
  .scroller { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; padding: 20px; outline-offset: -3px }
  .greeting { padding-block-end: 20px; font: 400 17px/1.5 "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "Noto Serif", serif; white-space: pre-line }
  .lines { display: grid; grid-template-columns: minmax(0, 1fr); gap: 18px }
  .visitor { display: flex; justify-content: end }
  .visitor p { max-inline-size: 85%; padding: 8px 14px; border-radius: 16px 16px 4px 16px; background: var(--accent); color: var(--on-accent); white-space: pre-wrap }
  .visitor:dir(rtl) p { border-radius: 16px 16px 16px 4px }
  .bot { max-inline-size: 95% }
  .text p { white-space: pre-line }
  .text p + p { margin-block-start: 10px }
  a { color: inherit; text-decoration: underline 2px var(--accent); text-underline-offset: 3px }
  .unanswered .text, .failed { padding-inline-start: 14px; border-inline-start: 3px dotted var(--edge-of-field) }
  .state { padding-inline-start: 17px; color: var(--quiet); font-size: 13px; font-weight: 600 }
  .failed button { min-block-size: 44px; font-weight: 600; text-decoration: underline 2px var(--accent); text-underline-offset: 4px }
  .notes { margin-block-start: 12px; padding-block-start: 8px; border-block-start: 1px solid var(--line) }
  .notes p { color: var(--quiet); font-size: 12px }
  .notes ol { display: flex; flex-wrap: wrap; gap: 0 10px }
  .notes li { min-inline-size: 0 }
  .note { display: flex; gap: 7px; align-items: baseline; max-inline-size: 100%; min-block-size: 36px; padding: 6px 4px 6px 0; border-radius: 8px; font-size: 13px }
  .note span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  .note:hover span { text-decoration: underline }
  b { display: inline-grid; place-items: center; flex: none; min-inline-size: 20px; block-size: 20px; padding-inline: 4px; border-radius: 6px; background: var(--marker); color: var(--ink); font: 600 12px/1 system-ui, sans-serif }
  .thumbs { display: flex; margin-inline-start: -11px; color: var(--quiet) }
  .thumbs button { display: grid; place-items: center; inline-size: 40px; block-size: 40px; border-radius: 12px }
  .thumbs button:hover { background: var(--wash) }
  .thumbs svg { inline-size: 18px; block-size: 18px }
  .thumbs [aria-pressed="true"] { color: var(--ink) }
  .thumbs [aria-pressed="true"] path { fill: var(--marker) }
  .down { transform: scaleY(-1) }
  .offers { margin-block-start: 14px }
  .offers p { margin-block-end: 6px; color: var(--quiet); font-size: 13px }
  .offers ul { display: grid; gap: 6px; justify-items: start }
  .offer { min-block-size: 44px; padding: 9px 14px; border: 1px solid var(--line); border-radius: 14px; background: var(--paper); line-height: 1.4 }
  .offer:hover { border-color: var(--ink); background: var(--wash) }
  .typing { display: flex; gap: 5px; padding-block: 9px }
  i { inline-size: 7px; block-size: 7px; border-radius: 50%; background: var(--quiet); animation: wait 1.2s infinite }
  i:nth-of-type(2) { animation-delay: 0.15s }
  i:nth-of-type(3) { animation-delay: 0.3s }
  @keyframes wait { 0%, 60%, 100% { opacity: 0.3 } 30% { opacity: 1 } }
  form { display: flex; gap: 6px; align-items: end; margin: 0 14px; padding: 3px; border: 1px solid var(--edge-of-field); border-radius: 16px }
  form:focus-within { border-color: var(--ink); box-shadow: 0 0 0 1px var(--ink) }
  textarea { flex: 1; min-inline-size: 0; max-block-size: 130px; padding: 9px 10px; border: 0; background: none; color: inherit; font-size: 16px; line-height: 24px; resize: none; unicode-bidi: plaintext }
  dialog textarea:focus-visible { outline: none; box-shadow: none }
  ::placeholder { color: var(--quiet); opacity: 1 }
  .send { display: grid; place-items: center; flex: none; inline-size: 44px; block-size: 44px; border-radius: 12px; background: var(--accent); color: var(--on-accent) }
  small { padding: 7px 20px 10px; font-size: 12px; text-align: center }
  .source header { align-items: center; padding-inline-start: 10px }
  .source header button:dir(rtl) svg { transform: scaleX(-1) }
  .source h3 { font-weight: 600; line-height: 1.35 }
  .source h3 b { margin-inline-end: 8px }
  blockquote { white-space: pre-line }
  mark { background: var(--marker); color: var(--ink); border-radius: 3px; box-shadow: 0 0 0 2px var(--marker); box-decoration-break: clone; -webkit-box-decoration-break: clone }
  .visit { margin-block-start: 20px }
  .visit a { display: inline-block; padding-block: 10px }
  @media (max-width: 480px), (max-height: 480px) {
    dialog, :host([position="start"]) dialog {
      inset: 0;
      inset-block-start: var(--top, 0);
      inline-size: 100%;
      block-size: var(--height, 100dvh);
      border: 0;
      border-radius: 0;
      padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
    }
    .note { min-block-size: 44px; align-items: center }
    dialog[open] ~ .launcher { display: none }
  }
`
