// What is wrong with the page that is shown, as a list of sentences: an expression for the browser.
(() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`${root.scrollWidth} px wide in ${root.clientWidth} px`);
  if (root.lang !== "en") wrong.push("the document names no language");
  if (!document.title) wrong.push("the document has no title");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("the document has not one h1");
  if (document.querySelectorAll("main").length !== 1) wrong.push("the document has not one main");
  if (document.querySelector("script, [style], style, iframe")) wrong.push("the document has a script or a style of its own");
  if (document.styleSheets.length !== 1) wrong.push("the document has not one style sheet");

  // Colours as they end up, whatever form they are written in.
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], opaque: alpha / 255 };
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, opaque } = parse(getComputedStyle(at).backgroundColor);
      if (opaque === 1) return rgb;
      if (opaque > 0) wrong.push(`${at.tagName} has a ground that is half transparent`);
    }
    return [255, 255, 255];
  };
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const judge = (around, colour, least, what) => {
    const found = contrast(parse(colour).rgb, ground(around));
    if (!(found >= least)) wrong.push(`${what}: contrast ${found.toFixed(2)}, ${least} wanted`);
  };

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.data.trim();
    const element = texts.currentNode.parentElement;
    if (!words || element.closest(".unseen")) continue;
    judge(element, getComputedStyle(element).color, 4.5, words.slice(0, 40));
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const { left, right } of range.getClientRects()) {
      if (left < 0 || right > root.clientWidth + 0.5) wrong.push(`${words.slice(0, 40)}: outside of the screen`);
    }
    if (element.matches("button") && range.getClientRects().length > 1) wrong.push(`${words}: a button in two lines`);
  }

  for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!control.labels?.length) wrong.push(`${control.name}: without a label`);
    judge(control, getComputedStyle(control).color, 4.5, control.name);
    // The edge of a field is seen against what is around it.
    judge(control.parentElement, getComputedStyle(control).borderTopColor, 3, `the edge of ${control.name}`);
  }
  for (const control of document.querySelectorAll("input:not([type=hidden]), button, a[href]")) {
    const { width, height } = control.getBoundingClientRect();
    if (width < 24 || height < 24) wrong.push(`${control.outerHTML}: ${width} × ${height} px`);
    if (control.tagName === "BUTTON" && !control.innerText.trim()) wrong.push("a button says nothing");
  }
  return [...new Set(wrong)];
})();
